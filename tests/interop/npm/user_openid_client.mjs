// user_openid_client.mjs ISSUER RESOURCE MODE: openid-client, for a user: discovery, registration, code with PKCE, refresh,
// introspection and revocation. MODE is `public`, `confidential`, or `document` for a client that is known by the URL of its
// metadata instead of registering; with `-dpop` behind it for tokens bound to a key.
import assert from 'node:assert/strict'
import dns from 'node:dns'
import http from 'node:http'

import * as oauth from 'openid-client'

import { Browser } from './browser.mjs'

dns.setDefaultResultOrder('ipv4first')
const [issuer, resource, mode] = process.argv.slice(2)
const { USER_EMAIL: email, USER_PASSWORD: password, CLIENT_ID: server_id, CLIENT_SECRET: server_secret } = process.env
const isPublic = !mode.startsWith('confidential')
const withProof = mode.endsWith('-dpop')
const redirect_uri = 'http://127.0.0.1:9/callback'
const options = { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] }

const metadata = {
  client_name: `openid-client ${mode}`,
  redirect_uris: [redirect_uri],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_basic',
}

// Serves the metadata at a URL until the program ends; the URL.
async function publish() {
  let document
  const server = http.createServer((_, answer) => answer.setHeader('Content-Type', 'application/json').end(document))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const client_id = `http://localhost:${server.address().port}/metadata.json`
  document = JSON.stringify({ ...metadata, client_id })
  return client_id
}

const config = mode.startsWith('document')
  ? await oauth.discovery(new URL(issuer), await publish(), undefined, oauth.None(), options)
  : await oauth.dynamicClientRegistration(
    new URL(issuer), metadata, isPublic ? oauth.None() : oauth.ClientSecretBasic(), options)
const client = config.clientMetadata()
assert.equal(typeof client.client_secret, isPublic ? 'undefined' : 'string')
const as = config.serverMetadata()
assert.deepEqual(as.code_challenge_methods_supported, ['S256'])
assert.equal(as.authorization_response_iss_parameter_supported, true)
if (mode.startsWith('document')) assert.equal(as.client_id_metadata_document_supported, true)

const keys = withProof ? await oauth.randomDPoPKeyPair('ES256') : undefined
const DPoP = withProof ? oauth.getDPoPHandle(config, keys) : undefined
const type = withProof ? 'dpop' : 'bearer'

// One authorization request, answered by the browser; the callback and what checks it.
async function authorize(browser, extra = {}) {
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const expectedState = oauth.randomState()
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri, resource, scope: 'mcp:echo mcp:add', state: expectedState,
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', ...extra,
  })
  return { callback: await browser.visit(url), checks: { pkceCodeVerifier, expectedState } }
}
const redeem = ({ callback, checks }) => oauth.authorizationCodeGrant(config, callback, checks, {}, { DPoP })
const isGrantError = (error) => error.error === 'invalid_grant' && error.status === 400

// The resource server, who may ask about the tokens for it.
const server = await oauth.discovery(
  new URL(issuer), server_id, undefined, oauth.ClientSecretBasic(server_secret), options)
const look = (token) => oauth.tokenIntrospection(server, token)

function checkToken(tokens, scope) {
  assert.equal(tokens.token_type, type)
  assert.equal(tokens.scope, scope)
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'))
  assert.deepEqual([claims.iss, claims.aud, claims.client_id], [issuer, [resource], client.client_id])
  assert.equal(typeof claims.cnf?.jkt, withProof ? 'string' : 'undefined')
  return claims
}

const browser = new Browser({ email, password, without: ['mcp:add'] })
const answered = await authorize(browser)
assert.deepEqual(browser.pages, ['/login', '/consent'])
assert.equal(answered.callback.searchParams.get('iss'), issuer)
const first = await redeem(answered)
const claims = checkToken(first, 'mcp:echo')  // the box of mcp:add was cleared
const active = await look(first.access_token)
assert.deepEqual([active.active, active.sub, active.client_id, active.scope], [true, claims.sub, client.client_id, 'mcp:echo'])
assert.equal(active.token_type.toLowerCase(), type)
assert.deepEqual(active.cnf, claims.cnf)

// What was allowed is not asked again, and the session is remembered.
const again = await authorize(browser, { scope: 'mcp:echo' })
assert.deepEqual(browser.pages, ['/login', '/consent'])
const second = await redeem(again)

// A refresh token works once: whoever shows it again ends the family.
const refreshed = await oauth.refreshTokenGrant(config, first.refresh_token, { resource }, { DPoP })
assert.equal(checkToken(refreshed, 'mcp:echo').sub, claims.sub)
assert.notEqual(refreshed.refresh_token, first.refresh_token)
assert((await look(refreshed.access_token)).active)
await assert.rejects(oauth.refreshTokenGrant(config, first.refresh_token, {}, { DPoP }), isGrantError)
await assert.rejects(oauth.refreshTokenGrant(config, refreshed.refresh_token, {}, { DPoP }), isGrantError)
assert.deepEqual(await look(refreshed.access_token), { active: false })

// Revocation ends a family too, and only that one.
const third = await redeem(await authorize(browser, { scope: 'mcp:echo' }))
await oauth.tokenRevocation(config, second.refresh_token, { token_type_hint: 'refresh_token' })
assert.deepEqual(await look(second.access_token), { active: false })
await assert.rejects(oauth.refreshTokenGrant(config, second.refresh_token, {}, { DPoP }), isGrantError)
assert((await look(third.access_token)).active)

// A code works once, and only with its verifier.
const stolen = await authorize(browser, { scope: 'mcp:echo' })
stolen.checks.pkceCodeVerifier = oauth.randomPKCECodeVerifier()
await assert.rejects(redeem(stolen), isGrantError)
const spent = await authorize(browser, { scope: 'mcp:echo' })
const fourth = await redeem(spent)
await assert.rejects(redeem(spent), isGrantError)
assert.deepEqual(await look(fourth.access_token), { active: false })

// A user who says no, and one whose request nobody can grant.
browser.action = 'deny'
const denied = await authorize(browser, { scope: 'mcp:add' })
await assert.rejects(redeem(denied), (error) => error.error === 'access_denied')
const refused = await authorize(browser, { scope: 'mcp:unknown' })
await assert.rejects(redeem(refused), (error) => error.error === 'invalid_scope')
