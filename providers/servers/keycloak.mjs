// A real Keycloak with the realms of the tests, its admin API, and Frontdesk in front of it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentServer } from '../lib/document-server.mjs'
import { front } from '../lib/front.mjs'
import { Frontdesk } from '../lib/frontdesk.mjs'
import { freePorts, Process } from '../lib/processes.mjs'
import { must } from '../lib/report.mjs'

const realms = ['main', 'brief', 'ending', 'registered', 'later', 'documents']
const secret = 'secret-of-the-service-account'

export class Keycloak {
  constructor(scratch, home) {
    this.folder = join(scratch, 'keycloak')
    this.home = home
    mkdirSync(this.folder)
    // A value that its columns cannot store, which it answers with 500.
    this.refused = { redirect_uris: [`https://wiki.example.com/${'a'.repeat(300)}`] }
  }

  async start() {
    const [port, outside, listen, management] = await freePorts(4)
    this.at = `http://127.0.0.1:${port}`
    this.origin = `http://localhost:${outside}`
    this.ports = { port: listen, management }
    this.process = new Process(this.folder, 'keycloak', [
      join(this.home, 'bin', 'kc.sh'), 'start-dev', '--db=dev-mem', '--cache=local', '--http-host=127.0.0.1', `--http-port=${port}`, `--hostname=${this.origin}`,
    ], { env: { ...process.env, JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m', KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'secret' } })
    await this.process.answers(`${this.at}/realms/master`, 600)
    for (const realm of realms) await this.makeRealm(realm)
    const { token } = await this.admin('POST', '/registered/clients-initial-access', { count: 1000, expiration: 100_000 })
    writeFileSync(join(this.folder, 'initial-access-token'), token)
    this.secretFile = join(this.folder, 'keycloak.secret')
    writeFileSync(this.secretFile, `${secret}\n`)
    const ours = /^\/(realms\/[a-z]+\/(\.well-known\/(openid-configuration|oauth-authorization-server)$|(register|authorize)(\/|$)|oauth2\/|identity\/)|\.well-known\/|other(\/|$))/
    this.documents = await DocumentServer.start(this.folder)
    this.frontdesk = new Frontdesk(join(this.folder, 'frontdesk'), { ...this.ports, documents: this.documents }, this.providers())
    this.proxy = await front(outside, listen, port, path => ours.test(path))
    await this.frontdesk.start()
    // The first page of a Keycloak that has just started takes seconds.
    for (const realm of realms) await this.process.answers(`${this.issuer(realm)}/protocol/openid-connect/auth?client_id=entered&response_type=code&redirect_uri=${encodeURIComponent('https://entered.example.com/callback')}`)
  }

  issuer(realm = 'main') {
    return `${this.origin}/realms/${realm}`
  }

  /** The tables [[provider]]; `main` is added to the provision table of the realm main. */
  providers(main = '') {
    const of = (realm, provision, more = '') => `
[[provider]]
issuer = "${this.issuer(realm)}"
registration = "open"
${more}
[provider.upstream]
document = "${this.at}/realms/${realm}/.well-known/openid-configuration"
refresh = "30s"
[provider.provision]
${provision}
`
    const connector = `to = "keycloak"\nat = "${this.at}"\nsecret_file = "${this.secretFile}"\n`
    return `${of('main', connector + main)}
${of('brief', connector, 'client_secret_lifetime = "4s"')}
${of('ending', connector, 'client_lifetime = "4s"')}
${of('later', `${connector}ready = "later"`)}
${of('documents', connector, this.documents.settings())}
${of('registered', `to = "rfc7591"\nat = "${this.at}/realms/registered/clients-registrations/openid-connect"\ntoken_file = "${join(this.folder, 'initial-access-token')}"`)}
[[provider]]
issuer = "${this.origin}/other"
registration = "open"
`
  }

  async makeRealm(realm) {
    await this.admin('POST', '', { realm, enabled: true, ...(realm === 'brief' && { ssoSessionIdleTimeout: 1800 }) })
    await this.admin('POST', `/${realm}/users`, {
      username: 'alice', enabled: true, email: 'alice@example.com', emailVerified: true, firstName: 'Alice', lastName: 'Ash',
      credentials: [{ type: 'password', value: 'wonderland', temporary: false }],
    })
    await this.admin('POST', `/${realm}/clients`, { clientId: 'entered', name: 'Entered by hand', publicClient: true, redirectUris: ['https://entered.example.com/callback'] })
    await this.makeServiceAccount(realm, 'frontdesk', 'manage-clients')
  }

  async makeServiceAccount(realm, clientId, role) {
    await this.admin('POST', `/${realm}/clients`, { clientId, publicClient: false, standardFlowEnabled: false, serviceAccountsEnabled: true, secret })
    const [{ id }] = await this.admin('GET', `/${realm}/clients?clientId=${clientId}`)
    if (!role) return
    const user = await this.admin('GET', `/${realm}/clients/${id}/service-account-user`)
    const [management] = await this.admin('GET', `/${realm}/clients?clientId=realm-management`)
    const granted = await this.admin('GET', `/${realm}/clients/${management.id}/roles/${role}`)
    await this.admin('POST', `/${realm}/users/${user.id}/role-mappings/clients/${management.id}`, [granted])
  }

  /** A call of the administrator of all realms; returns the answer of a success. */
  async admin(method, path, body) {
    if (!this.token || this.tokenUntil < Date.now()) {
      const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'secret' }
      const response = await fetch(`${this.at}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams(form) })
      this.token = (await response.json()).access_token
      this.tokenUntil = Date.now() + 30_000
    }
    const response = await fetch(`${this.at}/admin/realms${path}`, {
      method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) },
    })
    const text = await response.text()
    must(response.ok, `Keycloak answers ${method} ${path} with ${response.status}: ${text.slice(0, 200)}`)
    return text ? JSON.parse(text) : undefined
  }

  async all(realm = 'main') {
    return this.admin('GET', `/${realm}/clients?max=10000`)
  }

  /** The copy of a client, or undefined. */
  async copy(id, realm = 'main') {
    return (await this.all(realm)).find(client => client.clientId === id)
  }

  async copies(realm = 'main') {
    return (await this.all(realm)).filter(client => client.attributes?.['frontdesk.issuer'])
  }

  /** Everything that is no copy, as text. */
  async foreign(realm = 'main') {
    const others = (await this.all(realm)).filter(client => !client.attributes?.['frontdesk.issuer'])
    return JSON.stringify(others.sort((left, right) => left.clientId.localeCompare(right.clientId)), (_, value) => (Array.isArray(value) && typeof value[0] === 'string' ? [...value].sort() : value))
  }

  disabled(copy) {
    return copy.enabled === false
  }

  async change(id, members) {
    const copy = await this.copy(id)
    await this.admin('PUT', `/main/clients/${copy.id}`, { ...copy, ...members })
  }

  async remove(id) {
    await this.admin('DELETE', `/main/clients/${(await this.copy(id)).id}`)
  }
}
