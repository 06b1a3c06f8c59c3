// user_mcp_client.mjs RESOURCE bearer|dpop: @modelcontextprotocol/client, for a user: from the first refused request at our
// MCP server to its tool, and on when the access token ends.
import assert from 'node:assert/strict'
import dns from 'node:dns'

import { Client, DpopSession, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'

import { Browser } from './browser.mjs'

dns.setDefaultResultOrder('ipv4first')
const [resource, mode] = process.argv.slice(2)
const { USER_EMAIL: email, USER_PASSWORD: password } = process.env
const browser = new Browser({ email, password })
const session = mode === 'dpop' ? await DpopSession.create() : undefined

// What the client remembers of one server.
const kept = {}
const provider = {
  redirectUrl: 'http://localhost:9/callback',
  clientMetadata: {
    client_name: `MCP client ${mode}`,
    redirect_uris: ['http://localhost:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  state: () => (kept.state = crypto.randomUUID()),
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => { kept.verifier = verifier },
  discoveryState: () => kept.discovery,
  saveDiscoveryState: (state) => { kept.discovery = state },
  redirectToAuthorization: async (url) => { kept.callback = await browser.visit(url) },
  ...(session && { dpop: () => session }),
}

const connect = async () => {
  const client = new Client({ name: 'interop', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: provider })
  await client.connect(transport).catch((error) => {
    if (!UnauthorizedError.isInstance(error) || !kept.callback) throw error
    return transport
  })
  return { client, transport }
}
async function echo(client) {
  const { content: [answer] } = await client.callTool({ name: 'echo', arguments: { text: `${mode} works` } })
  assert.equal(answer.text, `${mode} works`)
}

const refused = await connect()
assert.deepEqual(browser.pages, ['/login', '/consent'])
assert.equal(kept.callback.searchParams.get('state'), kept.state)
await refused.transport.finishAuth(kept.callback.searchParams)
assert.equal(kept.tokens.token_type.toLowerCase(), mode)

const { client } = await connect()
await echo(client)

// The access token ends: the client refreshes, and nobody has to sign in.
const { refresh_token } = kept.tokens
kept.tokens = { ...kept.tokens, access_token: `${kept.tokens.access_token.slice(0, -3)}AAA` }
await echo(client)
assert.notEqual(kept.tokens.refresh_token, refresh_token)
assert.deepEqual(browser.pages, ['/login', '/consent'])
await client.close()
