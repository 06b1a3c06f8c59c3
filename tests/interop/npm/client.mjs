// client.mjs ISSUER RESOURCE ALG plain|nonce: exits 0 when our servers accept the proofs of oauth4webapi and of dpop.
// Credentials come from CLIENT_ID and CLIENT_SECRET.
import assert from 'node:assert/strict'
import dns from 'node:dns'

import * as dpop from 'dpop'
import * as oauth from 'oauth4webapi'

dns.setDefaultResultOrder('ipv4first')
const [issuerText, resource, alg, mode] = process.argv.slice(2)
const { CLIENT_ID: client_id, CLIENT_SECRET: secret } = process.env
const http = { [oauth.allowInsecureRequests]: true }
const form = { scope: 'mcp:echo', resource }

const issuer = new URL(issuerText)
const as = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http }))
assert(as.dpop_signing_alg_values_supported.includes(alg))

function rpc(method, params, id) {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}
// The handshake and one call of echo; `post(body, headers)` sends one request with a proof of its own.
async function useTheTool(post) {
  const fields = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' }
  const clientInfo = { name: 'interop', version: '1' }
  let answer = await post(
    rpc('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo }, 1), fields)
  assert.equal(answer.status, 200)
  fields['Mcp-Session-Id'] = answer.headers.get('mcp-session-id')
  answer = await post(rpc('notifications/initialized'), fields)
  assert.equal(answer.status, 202)
  answer = await post(rpc('tools/call', { name: 'echo', arguments: { text: `${alg} works` } }, 2), fields)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), new RegExp(`"${alg} works"`))
}

async function withOauth4webapi() {
  const client = { client_id }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(alg))
  const options = { DPoP, ...http }
  const ask = async () => oauth.processClientCredentialsResponse(as, client,
    await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic(secret), form, options))
  let demands = 0
  const token = await ask().catch((error) => {
    if (!oauth.isDPoPNonceError(error)) throw error
    demands += 1
    return ask()
  })
  assert.equal(demands, mode === 'nonce' ? 1 : 0)
  assert.equal(token.token_type, 'dpop')
  const claims = JSON.parse(Buffer.from(token.access_token.split('.')[1], 'base64url'))
  assert.deepEqual(claims.cnf, { jkt: await DPoP.calculateThumbprint() })
  await useTheTool((body, headers) => oauth.protectedResourceRequest(
    token.access_token, 'POST', new URL(resource), new Headers(headers), body, options))

  const stranger = { DPoP: oauth.DPoP(client, await oauth.generateKeyPair(alg)), ...http }
  await assert.rejects(
    oauth.protectedResourceRequest(
      token.access_token, 'POST', new URL(resource), new Headers(), rpc('ping', {}, 3), stranger),
    (error) => error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.status === 401 &&
      error.cause.some(({ scheme, parameters }) => scheme === 'dpop' && parameters.error === 'invalid_token'))
}

async function withDpop() {
  const keys = await dpop.generateKeyPair(alg)
  const ask = async (nonce) => fetch(as.token_endpoint, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${btoa(`${encodeURIComponent(client_id)}:${encodeURIComponent(secret)}`)}`,
      DPoP: await dpop.generateProof(keys, as.token_endpoint, 'POST', nonce),
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  })
  let answer = await ask()
  if (mode === 'nonce') {
    assert.equal(answer.status, 400)
    assert.equal((await answer.json()).error, 'use_dpop_nonce')
    answer = await ask(answer.headers.get('dpop-nonce'))
  }
  assert.equal(answer.status, 200)
  const { access_token: token, token_type: type } = await answer.json()
  assert.equal(type, 'DPoP')
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  assert.deepEqual(claims.cnf, { jkt: await dpop.calculateThumbprint(keys.publicKey) })
  await useTheTool(async (body, headers) => fetch(resource, {
    method: 'POST',
    headers: {
      ...headers,
      Authorization: `DPoP ${token}`,
      DPoP: await dpop.generateProof(keys, resource, 'POST', undefined, token),
    },
    body,
  }))
}

await withOauth4webapi()
await withDpop()
