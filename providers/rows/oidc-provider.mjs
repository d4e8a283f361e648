// The rows of oidc-provider, by the lookup and by its own registration, and those of Authlib.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { changes } from './changes.mjs'
import { document } from './document.mjs'
import { logIn } from './log-in.mjs'
import { registration } from './registration.mjs'
import { RelyingParty } from '../lib/relying-party.mjs'
import { must, same } from '../lib/report.mjs'

export async function oidcProviderRows(report, server, python) {
  const name = 'oidc-provider by the lookup'
  const at = (await (await fetch(`${server.issuer()}/.well-known/openid-configuration`)).json()).authorization_endpoint.replace(/\/auth$/, '')
  await logIn(report, name, { issuer: server.issuer() })
  await document(report, name, server, `${at}/.well-known/openid-configuration`, [])
  await changes(report, name, server)
  await lookup(report, server)
  await authlib(report, server, python)
  await registration(report, "oidc-provider's registration", server, `${server.origin}/own`, () => server.all(), id => id)
}

async function lookup(report, server) {
  await report.row('15 oidc-provider: without the lookup a client is never unknown', async () => {
    const client = await RelyingParty.register(server.issuer())
    const { tokens } = await client.logIn()
    server.frontdesk.process.signal('SIGSTOP')
    let came, error
    try {
      came = await client.authorize()
      error = await client.refusal(() => client.refresh(tokens))
    } finally {
      server.frontdesk.process.signal('SIGCONT')
    }
    must(came.error >= 500, `the page is ${came.error}`)
    must(error !== 'invalid_client' && error !== undefined, `the token endpoint said ${error}`)
    await client.logIn()
    return `page ${came.error}, ${error}`
  })
  await report.row('15 oidc-provider: the lookup is at its own listener only', async () => {
    const client = await RelyingParty.register(server.issuer())
    const query = `/clients?issuer=${encodeURIComponent(server.issuer())}&client_id=${client.id}`
    const status = async (origin, headers) => (await fetch(origin + query, { headers })).status
    const { readFileSync } = await import('node:fs')
    const headers = { authorization: `Bearer ${readFileSync(server.tokenFile, 'utf8').trim()}` }
    same(
      [await status(server.lookup, headers), await status(server.lookup), await status(server.origin, headers), await status(server.frontdesk.management, headers)],
      [200, 401, 404, 404], 'the statuses of the lookup, without a token, and of the other listeners')
  })
}

async function authlib(report, server, python) {
  const name = '15 Authlib: a change is seen at the next request'
  if (!python) return report.leftOut(name, 'there is no Python with Authlib')
  await report.row(name, async () => {
    const child = spawn(python, [join(import.meta.dirname, '..', 'servers', 'authlib-program.py'), server.lookup, server.issuer(), server.tokenFile], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const find = async (id, redirectUri) => {
      child.stdin.write(`${id} ${redirectUri}\n`)
      return JSON.parse((await lines.next()).value).client
    }
    try {
      const client = await RelyingParty.register(server.issuer())
      const [old, moved] = [client.agreed.redirect_uris[0], 'https://wiki.example.com/moved']
      same(await find(client.id, old), { redirect: true }, 'the client')
      same((await client.manage('PUT', { redirect_uris: [moved] })).status, 200, 'the update')
      same([await find(client.id, old), await find(client.id, moved)], [{ redirect: false }, { redirect: true }], 'the client after an update')
      server.frontdesk.process.signal('SIGSTOP')
      try {
        same(await find(client.id, moved), { error: 'LookupUnavailable' }, 'the client without the lookup')
      } finally {
        server.frontdesk.process.signal('SIGCONT')
      }
      same((await client.manage('DELETE')).status, 204, 'the deletion')
      same(await find(client.id, moved), null, 'the client after its deletion')
    } finally {
      child.kill()
    }
  })
}
