// The rows of oidc-provider, by the lookup and by its own registration, and those of Authlib.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { changes } from './changes.mjs'
import { document } from './document.mjs'
import { documentClients, documentMembers } from './document-client.mjs'
import { logIn } from './log-in.mjs'
import { registration } from './registration.mjs'
import { RelyingParty } from '../lib/relying-party.mjs'
import { must, same, until } from '../lib/report.mjs'

export async function oidcProviderRows(report, server, python) {
  const name = 'oidc-provider by the lookup'
  const at = (await (await fetch(`${server.issuer()}/.well-known/openid-configuration`)).json()).authorization_endpoint.replace(/\/auth$/, '')
  await logIn(report, name, { issuer: server.issuer() })
  await document(report, name, server, `${at}/.well-known/openid-configuration`, ['client_id_metadata_document_supported'])
  await changes(report, name, server)
  await documentClients(report, name, server, { issuer: server.issuer(), disabledStatus: 400 })
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

/** A program that finds clients with Authlib, and a function that asks it. */
async function withAuthlib(server, python, ask) {
  const child = spawn(python, [join(import.meta.dirname, '..', 'servers', 'authlib-program.py'), server.lookup, server.issuer(), server.tokenFile], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  try {
    await ask(async (id, redirectUri, purpose = '') => {
      child.stdin.write(`${id} ${redirectUri} ${purpose}\n`)
      return JSON.parse((await lines.next()).value).client
    })
  } finally {
    child.kill()
  }
}

async function authlib(report, server, python) {
  const [name, documentName] = ['15 Authlib: a change is seen at the next request', '18 Authlib: a document is read for an authorization request only']
  if (!python) return [name, documentName].forEach(row => report.leftOut(row, 'there is no Python with Authlib'))
  await report.row(name, () => withAuthlib(server, python, async find => {
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
  }))
  await report.row(documentName, () => withAuthlib(server, python, async find => {
    const { documents, frontdesk } = server
    const path = `/oauth/${crypto.randomUUID()}.json`
    const [old, moved] = ['http://127.0.0.1:3000/callback', 'http://127.0.0.1:3000/moved']
    const id = documents.publish(path, documentMembers(old))
    same([await find(id, old), documents.count(path)], [null, 0], 'a document that nobody asked for, and the requests for it')
    same([await find(id, old, 'authorize'), documents.count(path)], [{ redirect: true }, 1], 'the client at the authorization endpoint, and the requests')
    same(await find(id, 'http://127.0.0.1:50999/callback'), { redirect: true }, 'the client on another port')
    documents.publish(path, documentMembers(moved))
    await until(async () => (await find(id, moved, 'authorize')).redirect, 'the changed document', 15)
    same(await find(id, old), { redirect: false }, 'the old redirect URI')
    const secret = documents.publish(`${path}.secret`, { ...documentMembers(old), client_secret: 'of the document' })
    same(await find(secret, old, 'authorize'), { error: 'ClientRefused' }, 'a document with a secret')
    same((await frontdesk.command('document', 'disable', id, '--provider', server.issuer())).code, 0, 'the exit code of frontdesk document disable')
    same(await find(id, moved, 'authorize'), { error: 'ClientDisabled' }, 'a disabled client')
  }))
}
