// Rows 10 and 11: copies that somebody deleted or changed, and clients that are no copies.

import { RelyingParty } from '../lib/relying-party.mjs'
import { must, nextSecond, same, until } from '../lib/report.mjs'

const reconcile = async (server, ...words) => {
  await nextSecond()
  const done = await server.frontdesk.command('provision', 'reconcile', '--provider', server.issuer(), '--json', ...words)
  const line = done.stdout.trim().split('\n').at(-1)
  try {
    return { ...done, report: JSON.parse(line) }
  } catch {
    throw new Error(`reconcile ended with ${done.code}: ${done.stdout}${done.stderr}`)
  }
}

export async function drift(report, name, server, { scope, edit, plant } = {}) {
  const register = (members = {}) => RelyingParty.register(server.issuer(), { ...(scope && { scope }), ...members }, undefined, server.accept)
  await report.row(`10 ${name}: a deleted and a changed copy are repaired, a foreign client is left`, async () => {
    const [deleted, changed, well] = [await register(), await register(), await register()]
    const foreign = await server.foreign()
    await server.remove(deleted.id)
    await server.change(changed.id, edit)
    const orphan = await plant?.()
    const edited = JSON.stringify(await server.copy(changed.id))
    const dry = await reconcile(server, '--dry-run')
    same([dry.report.created, dry.report.updated, dry.report.deleted], [1, 1, orphan ? 1 : 0], 'the dry run')
    must(!(await server.copy(deleted.id)) && JSON.stringify(await server.copy(changed.id)) === edited, 'the dry run changed a copy')
    const run = await reconcile(server)
    same([run.code, run.report.created, run.report.updated, run.report.deleted], [0, 1, 1, orphan ? 1 : 0], 'the run')
    for (const client of [deleted, changed, well]) await client.logIn(scope && { scope })
    if (orphan) must(!(await server.copy(orphan)), 'the copy without a client is there')
    same(await server.foreign(), foreign, 'the clients that are no copies')
    const again = await reconcile(server)
    same([again.report.created, again.report.updated, again.report.deleted], [0, 0, 0], 'a second run')
  })
  await report.row(`10 ${name}: a server that lost everything is filled again`, async () => {
    const last = await register()
    const before = (await server.copies()).length
    for (const copy of await server.copies()) await server.remove(copy.clientId ?? copy.client_id)
    const { report: counts } = await reconcile(server)
    same(counts.created, before, 'the number of copies made')
    await last.logIn(scope && { scope })
    return `${before} copies`
  })
}

/** Row 10, the guard: most copies are no client's any more. */
export async function guard(report, name, server, plant) {
  await report.row(`10 ${name}: the guard`, async () => {
    const before = (await server.copies()).length
    for (let number = 0; number <= before + 2; number++) await plant(`orphan${number}`)
    const planted = (await server.copies()).length
    const guarded = await server.frontdesk.command('provision', 'reconcile', '--provider', server.issuer())
    same(guarded.code, 1, 'the exit code of a guarded run')
    must(`${guarded.stdout}${guarded.stderr}`.includes('that is more than half'), `the guard says ${guarded.stdout}${guarded.stderr}`)
    same((await server.copies()).length, planted, 'the number of copies after the guard')
    const forced = await reconcile(server, '--yes')
    same([forced.code, forced.report.deleted], [0, before + 3], 'the run with --yes')
    same((await server.copies()).length, before, 'the number of copies after --yes')
  })
}

export { reconcile, until }
