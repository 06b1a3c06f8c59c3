// user_oauth2_client.mjs ISSUER RESOURCE AUTHENTICATION: @badgateway/oauth2-client, for a user: discovery, code with PKCE,
// refresh, introspection and revocation, with the client that CLIENT_ID and CLIENT_SECRET name.
import assert from 'node:assert/strict'
import dns from 'node:dns'

import { OAuth2Client, generateCodeVerifier } from '@badgateway/oauth2-client'

import { Browser } from './browser.mjs'

dns.setDefaultResultOrder('ipv4first')
const [issuer, resource, authenticationMethod] = process.argv.slice(2)
const { USER_EMAIL: email, USER_PASSWORD: password, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env
const redirectUri = 'https://client.example/callback?from=us'
const client = new OAuth2Client({
  server: issuer, discoveryEndpoint: '/.well-known/oauth-authorization-server', clientId, clientSecret, authenticationMethod,
})
const isGrantError = (error) => error.oauth2Code === 'invalid_grant' && error.httpCode === 400

async function authorize(browser, scope = ['mcp:echo']) {
  const codeVerifier = await generateCodeVerifier()
  const state = crypto.randomUUID()
  const url = await client.authorizationCode.getAuthorizeUri(
    { redirectUri, state, codeVerifier, scope, resource })
  const callback = await browser.visit(url)
  return client.authorizationCode.getTokenFromCodeRedirect(callback, { redirectUri, state, codeVerifier, resource })
}

const browser = new Browser({ email, password })
const first = await authorize(browser)
assert(first.expiresAt > Date.now() && first.refreshToken)
const active = await client.introspect(first)
assert.deepEqual([active.active, active.client_id, active.scope], [true, clientId, 'mcp:echo'])

const second = await client.refreshToken(first, { resource, scope: ['mcp:echo'] })
assert.notEqual(second.refreshToken, first.refreshToken)
assert((await client.introspect(second)).active)
await client.revoke(second, 'refresh_token')
assert.equal((await client.introspect(second)).active, false)
await assert.rejects(client.refreshToken(second), isGrantError)

const third = await authorize(browser)
await client.revoke(third, 'access_token')
assert.equal((await client.introspect(third)).active, false)

browser.action = 'deny'
browser.forget()
await assert.rejects(authorize(browser, ['mcp:add']), (error) => error.oauth2Code === 'access_denied')
