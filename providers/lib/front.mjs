// The proxy of the issuer's host: some paths lead to Frontdesk, and the others to the authorization server.

import { Agent, createServer, request } from 'node:http'

/** Starts the proxy. `isFrontdesk` judges a path. */
export async function front(port, frontdesk, server, isFrontdesk) {
  const agent = new Agent({ keepAlive: true })
  const proxy = createServer((incoming, outgoing) => {
    const there = isFrontdesk(new URL(incoming.url, 'http://localhost').pathname) ? frontdesk : server
    const headers = { ...incoming.headers, 'x-forwarded-for': incoming.socket.remoteAddress, 'x-forwarded-proto': 'http', 'x-forwarded-host': incoming.headers.host }
    const forwarded = request(
      { agent, host: '127.0.0.1', port: there, method: incoming.method, path: incoming.url, headers },
      answer => {
        outgoing.writeHead(answer.statusCode, answer.rawHeaders)
        answer.pipe(outgoing)
      })
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
    outgoing.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise(resolve => proxy.listen(port, 'localhost', resolve))
  return proxy
}
