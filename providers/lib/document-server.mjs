// A server of client ID metadata documents: TLS on loopback, with a certificate that Frontdesk is told to trust.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'

const request = `[req]
distinguished_name = name
x509_extensions = server
prompt = no
[name]
CN = localhost
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost
`

export class DocumentServer {
  static async start(folder) {
    const [config, key, certificate] = ['certificate.cnf', 'documents-key.pem', 'documents.pem'].map(name => join(folder, name))
    writeFileSync(config, request)
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-config', config, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
    const documents = new DocumentServer()
    documents.certificate = certificate
    const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (asked, answer) => documents.#answer(asked, answer))
    await new Promise(resolve => server.listen(0, 'localhost', resolve))
    documents.port = server.address().port
    return documents
  }

  #pages = new Map()
  #counts = new Map()

  #answer(asked, answer) {
    this.#counts.set(asked.url, this.count(asked.url) + 1)
    const page = this.#pages.get(asked.url)
    if (!page) return answer.writeHead(404).end()
    answer.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=1' }).end(page)
  }

  /** Serves a document from now on, and returns its URL: the client's identifier. */
  publish(path, members) {
    const url = `https://localhost:${this.port}${path}`
    this.#pages.set(path, JSON.stringify({ client_id: url, ...members }))
    return url
  }

  /** The number of requests for a path. */
  count(path) {
    return this.#counts.get(path) ?? 0
  }

  /** The table [outbound], with which Frontdesk reads the documents of this server. */
  outbound() {
    return `
[outbound]
allow = ["localhost:${this.port}"]
ca = "${this.certificate}"
`
  }

  /** The settings of a provider that takes the documents of this server, and asks for them again after a second. */
  settings() {
    return `documents = "listed"
document_hosts = ["localhost"]
document_keep_min = "1s"`
  }
}
