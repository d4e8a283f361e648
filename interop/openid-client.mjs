// openid-client v6. It has no words for RFC 7592; its protected resource request, which shows a bearer token, serves.

import { deepEqual, equal, match } from 'node:assert/strict'
import * as oidc from 'openid-client'
import { OPEN, PROTECTED, TOKEN, refusal, run } from './steps.mjs'

const asked = { redirect_uris: ['https://rp.example/cb'], client_name: 'openid-client' }

async function registered(step, issuer, options) {
  return step('discovery and registration', async () => {
    const config = await oidc.dynamicClientRegistration(new URL(issuer), asked, undefined, options)
    equal(config.serverMetadata().issuer, issuer)
    deepEqual(config.clientMetadata().redirect_uris, asked.redirect_uris)
    equal(config.clientMetadata().client_secret_expires_at, 0)
    return config
  })
}

async function managed(step, config) {
  const client = config.clientMetadata()
  const place = new URL(client.registration_client_uri)
  const token = client.registration_access_token
  const ask = (method, body) =>
    oidc.fetchProtectedResource(config, token, place, method, body && JSON.stringify(body), new Headers({ 'content-type': 'application/json' }))

  await step('read', async () => {
    const answer = await ask('GET')
    equal(answer.status, 200)
    const read = await answer.json()
    // The library keeps what it was told, and two settings of its own under symbols.
    deepEqual(read, Object.fromEntries(Object.entries(client)))
  })
  await step('update', async () => {
    const { client_id, client_secret } = client
    const answer = await ask('PUT', { ...asked, client_id, client_secret, client_name: 'Another name' })
    equal(answer.status, 200)
    const updated = await answer.json()
    equal(updated.client_name, 'Another name')
    equal(updated.client_secret, client_secret)
  })
  await step('delete', async () => {
    equal((await ask('DELETE')).status, 204)
    const gone = await refusal(() => ask('GET'))
    equal(gone.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE')
    equal(gone.cause[0].scheme, 'bearer')
    equal(gone.cause[0].parameters.error, 'invalid_token')
  })
}

await run('openid-client 6', {
  async open(step) {
    await managed(step, await registered(step, OPEN))
  },
  async 'open, by RFC 8414'(step) {
    await registered(step, OPEN, { algorithm: 'oauth2' })
  },
  async protected(step) {
    await step('no token, no client', async () => {
      const refused = await refusal(() => oidc.dynamicClientRegistration(new URL(PROTECTED), asked))
      equal(refused.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE')
      deepEqual(
        refused.cause.map((challenge) => challenge.scheme),
        ['bearer', 'basic'],
      )
    })
    await managed(step, await registered(step, PROTECTED, { initialAccessToken: TOKEN }))
  },
  async refusal(step) {
    await step('its code is understood', async () => {
      const bad = { redirect_uris: ['https://rp.example/cb#fragment'] }
      const refused = await refusal(() => oidc.dynamicClientRegistration(new URL(OPEN), bad))
      equal(refused.status, 400)
      equal(refused.error, 'invalid_redirect_uri')
      match(refused.error_description, /^One or more redirect_uri values are invalid: /)
    })
  },
})
