// A real Hydra, whose pages for log-in and consent are accepted through its admin API, and Frontdesk in front of it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentServer } from '../lib/document-server.mjs'
import { front } from '../lib/front.mjs'
import { Frontdesk } from '../lib/frontdesk.mjs'
import { freePorts, Process } from '../lib/processes.mjs'
import { must } from '../lib/report.mjs'

export class Hydra {
  constructor(scratch, binary) {
    this.folder = join(scratch, 'hydra')
    this.binary = binary
    mkdirSync(this.folder)
  }

  async start() {
    const [publicPort, adminPort, outside, listen, management, pages] = await freePorts(6)
    this.api = `http://127.0.0.1:${adminPort}/admin`
    this.publicOrigin = `http://127.0.0.1:${publicPort}`
    this.pages = `127.0.0.1:${pages}`
    this.origin = `http://localhost:${outside}`
    const config = join(this.folder, 'hydra.json')
    writeFileSync(config, JSON.stringify({
      serve: { public: { host: '127.0.0.1', port: publicPort }, admin: { host: '127.0.0.1', port: adminPort } },
      dsn: 'memory',
      log: { level: 'warn' },
      urls: { self: { issuer: this.origin }, login: `http://${this.pages}/login`, consent: `http://${this.pages}/consent` },
      secrets: { system: ['a-secret-of-the-tests-of-32-bytes'] },
      oidc: { subject_identifiers: { supported_types: ['public'] } },
    }))
    this.process = new Process(this.folder, 'hydra', [this.binary, 'serve', 'all', '--dev', '-c', config])
    await this.process.answers(`http://127.0.0.1:${adminPort}/health/ready`)
    this.documents = await DocumentServer.start(this.folder)
    this.frontdesk = new Frontdesk(join(this.folder, 'frontdesk'), { port: listen, management, documents: this.documents }, `
[[provider]]
issuer = "${this.origin}"
registration = "open"
${this.documents.settings()}
[provider.upstream]
document = "http://127.0.0.1:${publicPort}/.well-known/openid-configuration"
add = { scopes_supported = ["profile", "email"], token_endpoint_auth_signing_alg_values_supported = ["RS256", "ES256"] }
[provider.provision]
to = "http"
at = "${this.api}/clients"
`)
    await front(outside, listen, publicPort, path => /^\/(\.well-known\/(openid-configuration|oauth-authorization-server|webfinger)$|(register|authorize)(\/|$))/.test(path))
    await this.ask('POST', '/clients', { client_id: 'entered', redirect_uris: ['https://entered.example.com/callback'] })
    await this.frontdesk.start()
    // A person at Hydra's two pages, which are another program's in a real installation.
    this.accept = url => this.#accept(url)
  }

  issuer() {
    return this.origin
  }

  async ask(method, path, body) {
    const response = await fetch(`${this.api}${path}`, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    const text = await response.text()
    must(response.ok, `Hydra answers ${method} ${path} with ${response.status}: ${text.slice(0, 200)}`)
    return text ? JSON.parse(text) : undefined
  }

  async #accept(url) {
    if (url.host !== this.pages) return undefined
    const kind = url.pathname.slice(1)
    const challenge = url.searchParams.get(`${kind}_challenge`)
    if (!challenge) return undefined
    const asked = await this.ask('GET', `/oauth2/auth/requests/${kind}?${kind}_challenge=${challenge}`)
    const answer = kind === 'login'
      ? { subject: 'alice', remember: true }
      : { grant_scope: asked.requested_scope, grant_access_token_audience: [], session: { id_token: { email: 'alice@example.com' } } }
    return (await this.ask('PUT', `/oauth2/auth/requests/${kind}/accept?${kind}_challenge=${challenge}`, answer)).redirect_to
  }

  async all() {
    return this.ask('GET', '/clients?page_size=500')
  }

  async copy(id) {
    return (await this.all()).find(client => client.client_id === id)
  }

  async copies() {
    return (await this.all()).filter(client => client.metadata?.frontdesk)
  }

  async foreign() {
    return JSON.stringify((await this.all()).filter(client => !client.metadata?.frontdesk))
  }

  async change(id, members) {
    await this.ask('PUT', `/clients/${encodeURIComponent(id)}`, { ...(await this.copy(id)), ...members })
  }

  async remove(id) {
    await this.ask('DELETE', `/clients/${encodeURIComponent(id)}`)
  }
}
