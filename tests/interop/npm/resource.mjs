// resource.mjs PORT ISSUER: an MCP server that leaves the judgement of token and proof to oauth4webapi. GET /report
// answers how many requests it accepted and why it refused others.
import dns from 'node:dns'
import http from 'node:http'

import * as oauth from 'oauth4webapi'

dns.setDefaultResultOrder('ipv4first')
const [port, issuerText] = process.argv.slice(2)
const resource = `http://localhost:${port}/mcp`
const options = { requireDPoP: true, [oauth.allowInsecureRequests]: true }
const issuer = new URL(issuerText)
const as = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }))
const report = { accepted: 0, refused: [] }
const spent = new Set()

// oauth4webapi leaves replays to its users.
function spend(proof) {
  const { jti } = JSON.parse(Buffer.from(proof.split('.')[1], 'base64url'))
  if (spent.has(jti)) throw new Error('the proof was used before')
  spent.add(jti)
}

function result(call) {
  if (call.method !== 'initialize') return { content: [{ type: 'text', text: call.params.arguments.text }] }
  return {
    protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'foreign', version: '1' },
  }
}

async function answer(incoming, outgoing) {
  if (incoming.url === '/report') return outgoing.end(JSON.stringify(report))
  const chunks = []
  for await (const chunk of incoming) chunks.push(chunk)
  try {
    const { method, headers } = incoming
    await oauth.validateJwtAccessToken(as, new Request(resource, { method, headers }), resource, options)
    spend(headers.dpop)
  } catch (error) {
    report.refused.push(`${incoming.method}: ${error.message}`)
    return outgoing.writeHead(401, { 'WWW-Authenticate': 'DPoP error="invalid_token"' }).end()
  }
  report.accepted += 1
  if (incoming.method === 'DELETE') return outgoing.writeHead(204).end()
  const call = JSON.parse(Buffer.concat(chunks))
  if (call.id === undefined) return outgoing.writeHead(202).end()
  return outgoing
    .writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': 'one' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: result(call) }))
}

http.createServer(answer).listen(port, '127.0.0.1')
