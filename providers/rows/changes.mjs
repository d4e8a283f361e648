// Rows 3 to 5: an update, a secret that expires, and the end of a client, each seen by a person who logs in.

import * as oidc from 'openid-client'
import { RelyingParty } from '../lib/relying-party.mjs'
import { must, same, until } from '../lib/report.mjs'

const moved = 'https://wiki.example.com/moved'

/** `server` has `issuer()`, `accept`, and `copy(id)` if it has copies. */
export async function changes(report, name, server, { scope } = {}) {
  const [members, asked] = [scope && { scope }, scope && { scope }]
  const { accept } = server
  await report.row(`3 ${name}: update`, async () => {
    const client = await RelyingParty.register(server.issuer(), { ...members, client_uri: 'https://wiki.example.com/' }, undefined, accept)
    const { tokens } = await client.logIn(asked)
    const old = client.agreed.redirect_uris[0]
    delete client.agreed.client_uri
    same((await client.manage('PUT', { redirect_uris: [moved] })).status, 200, 'the update')
    const { pages } = await client.logIn({ redirectUri: moved, ...asked })
    must(!pages.includes('log-in'), `the person saw ${pages} after the update`)
    must(await client.isRefused({ redirectUri: old, ...asked }), 'the old redirect URI works after the update')
    await client.refresh(tokens)
    if (server.copy) must(!JSON.stringify(await server.copy(client.id)).includes('"https://wiki.example.com/"'), 'the removed client_uri is in the copy')
  })
  await report.row(`5 ${name}: delete`, async () => {
    const client = await RelyingParty.register(server.issuer(), members, undefined, accept)
    const { tokens } = await client.logIn(asked)
    same((await client.manage('DELETE')).status, 204, 'the deletion')
    must(await client.isRefused(asked), 'a deleted client reaches the log-in')
    const error = await client.refusal(() => client.refresh(tokens))
    must(['invalid_client', 'invalid_grant', 'unauthorized_client'].includes(error), `the refresh token of a deleted client gave ${error}`)
    if (server.copy) must(!(await server.copy(client.id)), 'the copy of a deleted client is there')
    const again = await client.manage('DELETE')
    must([204, 401].includes(again.status), `a second deletion is ${again.status}`)
  })
}

/** Row 5 at a provider whose clients live for four seconds. */
export async function end(report, name, server, issuer, realm) {
  await report.row(`5 ${name}: a client expires`, async () => {
    const client = await RelyingParty.register(issuer, {}, undefined, server.accept)
    const { tokens } = await client.logIn()
    await until(async () => {
      const copy = await server.copy(client.id, realm)
      return !copy || server.disabled(copy)
    }, 'the end of the copy')
    must(await client.isRefused(), 'an expired client reaches the log-in')
    const error = await client.refusal(() => client.refresh(tokens))
    must(['invalid_client', 'invalid_grant', 'unauthorized_client'].includes(error), `the refresh token of an expired client gave ${error}`)
    return error
  })
}

/** Row 4 at a provider whose secrets live for four seconds. */
export async function expiry(report, name, server, issuer, realm) {
  await report.row(`4 ${name}: secret expires, and an update mends it`, async () => {
    const client = await RelyingParty.register(issuer, { token_endpoint_auth_method: 'client_secret_post' }, oidc.ClientSecretPost(), server.accept)
    const { tokens } = await client.logIn()
    const secret = client.agreed.client_secret
    const held = await server.copy(client.id, realm)
    same(held.secret, secret, 'the secret of the copy')
    await until(async () => (await server.copy(client.id, realm)).secret !== secret, 'another secret at the server')
    same(await client.refusal(() => client.refresh(tokens)), server.wrongSecret ?? 'unauthorized_client', 'a refresh with the expired secret')
    same((await client.manage('PUT', {})).status, 200, 'the update')
    must(client.agreed.client_secret && client.agreed.client_secret !== secret, 'the update brought no other secret')
    await client.refresh(tokens)
  })
}
