// Rows 6 and 9: a server that does not answer, and clients that it cannot keep.

import { post, RelyingParty } from '../lib/relying-party.mjs'
import { must, same, until } from '../lib/report.mjs'

/** Row 6. `other` is a provider of the same service that provisions nothing. */
export async function down(report, name, server, other) {
  await report.row(`6 ${name}: down`, async () => {
    const before = (await server.copies()).map(copy => copy.clientId ?? copy.client_id).sort()
    const quick = other && (await timed(() => post(other, {})))
    const known = (await server.frontdesk.clients()).length
    server.process.signal('SIGSTOP')
    let answers, besides
    try {
      const all = Promise.all(Array.from({ length: 64 }, (_, number) => timed(() => post(server.issuer(), { client_name: `Down ${number}` }))))
      besides = other && (await timed(() => post(other, {})))
      answers = await all
    } finally {
      server.process.signal('SIGCONT')
    }
    for (const { value, took } of answers) {
      same([value.status, value.body.error], [503, 'temporarily_unavailable'], 'a registration while the server is down')
      must(Number(value.headers.get('retry-after')) >= 1, 'there is no Retry-After')
      must(took < 6500, `the refusal came after ${took} ms`)
    }
    if (other) {
      same(besides.value.status, 201, 'a registration at another provider')
      must(besides.took < quick.took + 1000, `another provider took ${besides.took} ms, and ${quick.took} ms before`)
    }
    same((await server.frontdesk.clients()).length, known + (other ? 1 : 0), 'the number of clients here')
    await until(async () => {
      const { stdout } = await server.frontdesk.command('provision', 'status', '--json', '--all')
      return !stdout.includes('"deleting"') && !stdout.includes('"creating"')
    }, 'the end of what was withdrawn', 240)
    same((await server.copies()).map(copy => copy.clientId ?? copy.client_id).sort(), before, 'the copies there')
    await until(async () => (await post(server.issuer(), {})).status === 201, 'a registration after the outage', 60)
    return `64 refusals, the last after ${Math.max(...answers.map(({ took }) => took))} ms`
  })
}

async function timed(work) {
  const begin = Date.now()
  return { value: await work(), took: Date.now() - begin }
}

/** Row 9 at a server with limits: each refusal names the member, and nothing is written. */
export async function limits(report, name, server) {
  await report.row(`9 ${name}: limits`, async () => {
    const before = (await server.copies()).length
    for (const [member, value, error] of [
      ['redirect_uris', [`https://wiki.example.com/${'a'.repeat(300)}`], 'invalid_redirect_uri'],
      ['redirect_uris', ['https://wiki.example.com/*'], 'invalid_redirect_uri'],
      ['client_uri', `https://wiki.example.com/${'a'.repeat(300)}`, 'invalid_client_metadata'],
    ]) {
      const { status, body } = await post(server.issuer(), { [member]: value })
      same([status, body.error], [400, error], `a registration with ${member} beyond the limit`)
      must(body.error_description.includes(member), `the refusal does not name ${member}: ${body.error_description}`)
    }
    same((await server.copies()).length, before, 'the number of copies')
  })
}

/** Row 9 at a provider with `ready = "later"`: one client that the server refuses holds up none of those behind it. */
export async function poison(report, name, server, issuer, realm, spoil) {
  await report.row(`9 ${name}: 100 clients behind one that is refused`, async () => {
    const poisoned = await RelyingParty.register(issuer, { client_name: 'Poison' })
    await spoil(poisoned)
    const clients = await Promise.all(Array.from({ length: 100 }, (_, number) => RelyingParty.register(issuer, { client_name: `Behind ${number}` })))
    const wanted = new Set(clients.map(client => client.id))
    await until(async () => (await server.copies(realm)).filter(copy => wanted.has(copy.clientId)).length === 100, '100 copies', 120)
    const { stdout } = await server.frontdesk.command('provision', 'status', '--json')
    const row = stdout.split('\n').filter(Boolean).map(line => JSON.parse(line)).find(line => line.client_id === poisoned.id)
    same(row?.state, 'rejected', 'the state of the refused client')
    await clients[99].logIn()
    return row.error
  })
}
