// elicitation_client.mjs RESOURCE: @modelcontextprotocol/client learns which page its user has to visit, and calls again.
import assert from 'node:assert/strict'
import dns from 'node:dns'

import { Client, StreamableHTTPClientTransport, UrlElicitationRequiredError } from '@modelcontextprotocol/client'

dns.setDefaultResultOrder('ipv4first')
const [resource] = process.argv.slice(2)
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function connected(capabilities) {
  const client = new Client({ name: 'interop', version: '1' }, { capabilities })
  await client.connect(new StreamableHTTPClientTransport(new URL(resource)))
  return client
}
const call = (client, as) => client.callTool({ name: 'connect', arguments: { as } })

const client = await connected({ elicitation: { url: {} } })
await assert.rejects(call(client, 'one'), (error) => {
  assert(UrlElicitationRequiredError.isInstance(error))
  assert.equal(error.code, -32042)
  assert.match(error.message, /Connect first/)
  const [page, ...others] = error.elicitations
  assert.deepEqual(others, [])
  const { elicitationId, ...rest } = page
  assert.match(elicitationId, uuid)
  assert.deepEqual(rest, {
    mode: 'url',
    url: 'https://as.example/connect/github?resource=github',
    message: 'Connect first (github: consent_missing)',
  })
  return true
})
assert.equal((await call(client, 'one')).content[0].text, 'connected as one')
await client.close()

// One that can show forms only gets the page as text.
const forms = await connected({ elicitation: { form: {} } })
const answer = await call(forms, 'two')
assert.equal(answer.isError, true)
assert.match(answer.content[0].text, /https:\/\/as\.example\/connect\/github/)
await forms.close()
