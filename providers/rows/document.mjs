// Row 2: the document is the server's own, but for what is ours.

import { must, same } from '../lib/report.mjs'

/** `added` are the members that Frontdesk adds, adds values to or, for the authorization hop, replaces. */
export async function document(report, name, server, address, added) {
  await report.row(`2 ${name}: the document is the server's`, async () => {
    const theirs = await (await fetch(address)).json()
    const ours = await (await fetch(`${server.issuer()}/.well-known/openid-configuration`)).json()
    const differing = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].filter(member => JSON.stringify(theirs[member]) !== JSON.stringify(ours[member]))
    same(differing.sort(), ['registration_endpoint', ...added].sort(), 'the members that differ')
    same(ours.registration_endpoint, `${server.issuer()}/register`, 'the registration endpoint')
    for (const member of added.filter(name => Array.isArray(theirs[name]))) must(theirs[member].every(value => ours[member].includes(value)), `${member} lost a value`)
    return `${Object.keys(ours).length} members`
  })
}
