// oidc-provider twice: with the clients of Frontdesk by the lookup, and with its own registration, into which Frontdesk writes.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentServer } from '../lib/document-server.mjs'
import { Frontdesk } from '../lib/frontdesk.mjs'
import { freePorts, Process } from '../lib/processes.mjs'
import { must } from '../lib/report.mjs'

const program = join(import.meta.dirname, 'oidc-provider-program.mjs')

export class OidcProvider {
  constructor(scratch) {
    this.folder = join(scratch, 'oidc-provider')
    mkdirSync(this.folder)
    // oidc-provider takes e-mail addresses only.
    this.refused = { contacts: ['nobody'] }
    this.wrongSecret = 'invalid_client'
  }

  async start() {
    const [listen, management, lookup, port, ownPort] = await freePorts(5)
    this.origin = `http://localhost:${listen}`
    this.lookup = `http://127.0.0.1:${lookup}`
    this.own = `http://127.0.0.1:${ownPort}`
    const token = join(this.folder, 'initial-access-token')
    writeFileSync(token, 'an-initial-access-token-of-the-tests')
    const provider = (issuer, at, more) => `
[[provider]]
issuer = "${issuer}"
registration = "open"
${more}
[provider.upstream]
document = "${at}/.well-known/openid-configuration"
`
    this.documents = await DocumentServer.start(this.folder)
    this.frontdesk = new Frontdesk(join(this.folder, 'frontdesk'), { port: listen, management, lookup, documents: this.documents }, `
${provider(this.origin, `http://127.0.0.1:${port}`, this.documents.settings())}
${provider(`${this.origin}/own`, this.own, '')}
[provider.provision]
to = "rfc7591"
token_file = "${token}"
`)
    const start = (name, issuer, options) => new Process(this.folder, name, [process.execPath, program, JSON.stringify({ issuer, ...options })])
    // The first start needs the documents of both servers, and the lookup needs a token of a store that a start makes.
    this.ownProcess = start('own', `${this.origin}/own`, { port: ownPort, initialAccessToken: 'an-initial-access-token-of-the-tests' })
    await this.ownProcess.answers(this.own)
    must((await this.frontdesk.command('migrate')).code === 0, 'frontdesk migrate failed')
    const issued = await this.frontdesk.command('lookup-token', 'issue', '--secrets', 'read', '--label', 'tests')
    must(issued.code === 0, `lookup-token issue: ${issued.stderr}`)
    this.tokenFile = join(this.folder, 'lookup-token')
    writeFileSync(this.tokenFile, issued.stdout, { mode: 0o600 })
    this.process = start('lookup', this.origin, { port, at: this.lookup, tokenFile: this.tokenFile })
    await this.process.answers(`http://127.0.0.1:${port}`)
    await this.frontdesk.start()
  }

  issuer() {
    return this.origin
  }

  /** The clients of the server with its own registration. */
  async all() {
    return (await fetch(`${this.own}/all-clients`)).json()
  }
}
