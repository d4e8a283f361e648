// The rows of Keycloak.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changes, end, expiry } from './changes.mjs'
import { document } from './document.mjs'
import { documentClients } from './document-client.mjs'
import { drift, guard, reconcile } from './drift.mjs'
import { down, limits, poison } from './faults.mjs'
import { logIn } from './log-in.mjs'
import { registration } from './registration.mjs'
import { post, RelyingParty } from '../lib/relying-party.mjs'
import { must, nextSecond, same, until } from '../lib/report.mjs'

const name = 'Keycloak'

export async function keycloakRows(report, server) {
  const foreign = await server.foreign()
  await logIn(report, name, { issuer: server.issuer() })
  await document(report, name, server, server.at + '/realms/main/.well-known/openid-configuration', ['token_endpoint_auth_methods_supported'])
  await changes(report, name, server)
  await expiry(report, name, server, server.issuer('brief'), 'brief')
  await end(report, name, server, server.issuer('ending'), 'ending')
  await limits(report, name, server)
  await poison(report, name, server, server.issuer('later'), 'later', async poisoned => {
    await until(() => server.copy(poisoned.id, 'later'), 'the copy')
    const copy = await server.copy(poisoned.id, 'later')
    await server.admin('DELETE', `/later/clients/${copy.id}`)
    await server.admin('POST', '/later/clients', { clientId: poisoned.id, publicClient: true })
    same((await poisoned.manage('PUT', { client_name: 'Poison two' })).status, 200, 'the update')
  })
  await drift(report, name, server, {
    edit: { redirectUris: ['https://evil.example.com/'] },
    plant: async () => (await plant(server, 'orphan'), 'orphan'),
  })
  await guard(report, name, server, clientId => plant(server, clientId))
  await template(report, server)
  await rights(report, server)
  await registration(report, `${name}'s registration`, server, server.issuer('registered'), () => server.all('registered'), id => id.clientId)
  await documentClients(report, name, server, { issuer: server.issuer('documents'), find: id => server.copy(id, 'documents'), isDisabled: server.disabled })
  await down(report, name, server, `${server.origin}/other`)
  await report.row(`11 ${name}: an administrator's clients are as they were`, async () => same(await server.foreign(), foreign, 'what is no copy'))
}

/** A copy with our mark that no client has. */
async function plant(server, clientId) {
  await server.admin('POST', '/main/clients', { clientId, attributes: { 'frontdesk.issuer': server.issuer(), 'frontdesk.revision': '1' } })
}

async function template(report, server) {
  const file = join(server.folder, 'template.json')
  const mapper = audience => ({
    protocolMappers: [{ name: 'api', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper', config: { 'included.custom.audience': audience, 'access.token.claim': 'true' } }],
    defaultClientScopes: ['phone'],
    consentRequired: false,
  })
  const apply = async audience => {
    writeFileSync(file, JSON.stringify(mapper(audience)))
    server.frontdesk.configure(server.providers(`template = "${file}"\n`))
    await server.frontdesk.restart()
  }
  const audiences = tokens => [JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url')).aud].flat()
  await report.row('12 Keycloak: a mapper and a default scope of the template are in the token', async () => {
    const before = await RelyingParty.register(server.issuer(), { scope: 'openid email' })
    await nextSecond()
    await apply('api-one')
    const client = await RelyingParty.register(server.issuer(), { scope: 'openid email' })
    const { tokens, pages } = await client.logIn({ scope: 'openid email' })
    must(audiences(tokens).includes('api-one'), `the audience is ${audiences(tokens)}`)
    must(tokens.scope.split(' ').includes('phone'), `the scope is ${tokens.scope}`)
    must(!pages.includes('consent'), 'the person was asked for consent')
    await until(async () => audiences((await before.logIn({ scope: 'openid email' })).tokens).includes('api-one'), 'the template in an older copy', 60)
    await nextSecond()
    await apply('api-two')
    await until(async () => audiences((await client.logIn({ scope: 'openid email' })).tokens).includes('api-two'), 'the changed template in the copy', 60)
  })
  server.frontdesk.configure(server.providers())
  await server.frontdesk.restart()
}

async function rights(report, server) {
  const check = async main => {
    server.frontdesk.configure(server.providers().replace('to = "keycloak"\n', `to = "keycloak"\n${main}`))
    const done = await server.frontdesk.command('provision', 'check', '--provider', server.issuer())
    return { ...done, said: `${done.stdout}${done.stderr}` }
  }
  await report.row('13 Keycloak: provision check names what is wrong', async () => {
    await server.makeServiceAccount('main', 'reader', 'view-clients')
    await server.makeServiceAccount('main', 'nobody')
    const well = await check('')
    same(well.code, 0, `the check of a good configuration (${well.said})`)
    for (const [client, words] of [['reader', 'lacks the role manage-clients of realm-management'], ['nobody', 'lacks the role manage-clients of realm-management'], ['absent', 'cannot log in to the realm main']]) {
      const { code, said } = await check(`client = "${client}"\n`)
      same(code, 1, `the exit code for the client ${client}`)
      must(said.includes(words), `the check says ${said}`)
      must(!said.includes('secret-of-the-service-account'), 'the check prints the secret')
    }
    const { code, said } = await check('realm = "absent"\n')
    same(code, 1, 'the exit code for a wrong realm')
    must(said.includes('realm absent'), `the check says ${said}`)
    for (const clientId of ['reader', 'nobody']) await server.remove(clientId)
  })
  server.frontdesk.configure(server.providers())
  await report.row('13 Keycloak: a token that ends in the middle', async () => {
    await RelyingParty.register(server.issuer())
    await nextSecond()
    await server.admin('PUT', '/main', { notBefore: Math.floor(Date.now() / 1000) })
    same((await post(server.issuer(), {})).status, 201, 'a registration with a token that the realm refuses')
    await server.admin('PUT', '/main', { notBefore: 0 })
    await (await RelyingParty.register(server.issuer())).logIn()
  })
}
