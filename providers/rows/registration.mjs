// Row 17: the server's own registration (RFC 7591, RFC 7592), whose identifier and secret are adopted.

import * as oidc from 'openid-client'
import { post, RelyingParty } from '../lib/relying-party.mjs'
import { must, same } from '../lib/report.mjs'

export async function registration(report, name, server, issuer, all, idOf) {
  await report.row(`17 ${name}: the identifier and the secret are adopted`, async () => {
    const client = await RelyingParty.register(issuer, {}, oidc.ClientSecretBasic(), server.accept)
    must((await all()).some(one => idOf(one) === client.id), 'the server has no client with the answered identifier')
    const { tokens } = await client.logIn({ scope: 'openid' })
    await client.refresh(tokens)
    return client.id
  })
  await report.row(`17 ${name}: updates with an exchanged token, and a deletion`, async () => {
    const client = await RelyingParty.register(issuer, {}, undefined, server.accept)
    for (const path of ['one', 'two']) {
      const redirectUri = `https://wiki.example.com/${path}`
      const { status, text } = await client.manage('PUT', { redirect_uris: [redirectUri] })
      same(status, 200, `the update (${text})`)
      await client.logIn({ redirectUri, scope: 'openid' })
    }
    must(await client.isRefused({ redirectUri: 'https://wiki.example.com/one', scope: 'openid' }), 'the redirect URI of before works')
    same((await client.manage('DELETE')).status, 204, 'the deletion')
    must(await client.isRefused({ redirectUri: 'https://wiki.example.com/two', scope: 'openid' }), 'a deleted client reaches the log-in')
    must(!(await all()).some(one => idOf(one) === client.id), 'the server has the deleted client')
  })
  await report.row(`17 ${name}: a refusal reaches the client`, async () => {
    const before = (await all()).length
    const { status, body } = await post(issuer, server.refused)
    same(status, 400, `the registration (${JSON.stringify(body)})`)
    same((await all()).length, before, 'the number of clients there')
    return body.error_description
  })
}
