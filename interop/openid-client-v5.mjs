// openid-client v5, the only one of its line with WebFinger.

import { deepEqual, equal, match } from 'node:assert/strict'
import { Issuer } from 'openid-client-v5'
import { OPEN, PROTECTED, TOKEN, refusal, run } from './steps.mjs'

const asked = { redirect_uris: ['https://rp.example/cb'], client_name: 'openid-client' }

async function journey(step, origin, options) {
  const { host } = new URL(origin)
  const issuer = await step('WebFinger and discovery of an account', async () => {
    const issuer = await Issuer.webfinger(`acct:alice@${host}`)
    equal(issuer.issuer, origin)
    return issuer
  })
  await step('WebFinger of a URL', async () => equal((await Issuer.webfinger(origin)).issuer, origin))
  await step('keys', async () => {
    const keys = (await (await fetch(issuer.jwks_uri)).json()).keys
    deepEqual(
      keys.map((key) => key.alg),
      issuer.id_token_signing_alg_values_supported,
    )
  })
  const client = await step('registration', () => issuer.Client.register(asked, options))
  const { registration_client_uri: place, registration_access_token: token } = client.metadata

  await step('read', async () => deepEqual((await issuer.Client.fromUri(place, token)).metadata, client.metadata))
  await step('update', async () => {
    const { client_id, client_secret } = client
    const body = JSON.stringify({ ...asked, client_id, client_secret, redirect_uris: ['https://rp.example/other'] })
    const answer = await client.requestResource(place, token, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
    equal(answer.statusCode, 200)
    deepEqual((await issuer.Client.fromUri(place, token)).metadata.redirect_uris, ['https://rp.example/other'])
  })
  await step('delete', async () => {
    equal((await client.requestResource(place, token, { method: 'DELETE' })).statusCode, 204)
    const gone = await refusal(() => issuer.Client.fromUri(place, token))
    equal(gone.error, 'invalid_token')
  })
  return issuer
}

await run('openid-client 5', {
  async open(step) {
    const issuer = await journey(step, OPEN)
    await step('a refusal is understood', async () => {
      const refused = await refusal(() => issuer.Client.register({ redirect_uris: ['https://rp.example/cb#fragment'] }))
      equal(refused.error, 'invalid_redirect_uri')
      match(refused.error_description, /^One or more redirect_uri values are invalid: /)
    })
  },
  async protected(step) {
    const issuer = await journey(step, PROTECTED, { initialAccessToken: TOKEN })
    await step('no token, no client', async () => {
      const refused = await refusal(() => issuer.Client.register(asked))
      equal(refused.response.statusCode, 401)
    })
  },
})
