// A lookup of Frontdesk for the tests of the adapter: the answers of one issuer about clients in memory.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

export const TOKEN = `lkt_${'a'.repeat(43)}`

export class FakeLookup {
  /** Clients by identifier; one with `status` is answered with it. */
  clients = new Map()
  /** The requests that arrived: method, path with query, status. */
  requests = []
  /** The reports of uses. */
  uses = []
  /** The answer to everything, if set: { status, body }. */
  fault = undefined
  maxAge = 0

  static async start(issuer) {
    const fake = new FakeLookup()
    fake.issuer = issuer
    fake.server = createServer((request, response) => fake.#answer(request, response))
    fake.server.listen(0, '127.0.0.1')
    await once(fake.server, 'listening')
    fake.at = `http://127.0.0.1:${fake.server.address().port}`
    return fake
  }

  async stop() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  async #answer(request, response) {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const { status, body, headers } = this.#judge(request, Buffer.concat(chunks).toString())
    this.requests.push(`${request.method} ${request.url} ${status}`)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : body && JSON.stringify(body))
  }

  #judge(request, sent) {
    if (this.fault) return this.fault
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'invalid_token' } }
    const { pathname, searchParams } = new URL(request.url, this.at)
    if (request.method === 'POST' && pathname === '/clients/used') {
      this.uses.push(JSON.parse(sent))
      return { status: 204 }
    }
    if (request.method !== 'GET' || pathname !== '/clients') return { status: 404, body: 'no such page' }
    if (searchParams.get('issuer') !== this.issuer) return { status: 403, body: { error: 'insufficient_scope' } }
    const id = searchParams.get('client_id')
    const client = this.clients.get(id)
    if (!client) return { status: 404, body: { error: 'not_found' }, headers: { 'cache-control': 'private, max-age=1' } }
    if (client.status) return client
    const body = JSON.stringify({ client_id: id, ...client, frontdesk: { kind: 'registered' } })
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
    const headers = { etag, 'cache-control': this.maxAge ? `private, max-age=${this.maxAge}` : 'private, no-cache' }
    return request.headers['if-none-match'] === etag ? { status: 304, headers } : { status: 200, body, headers }
  }
}
