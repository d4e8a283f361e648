// oauth4webapi, with a key of the client's own for private_key_jwt.

import { deepEqual, equal } from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { OPEN, PROTECTED, TOKEN, refusal, run } from './steps.mjs'

async function discovered(origin, algorithm) {
  const issuer = new URL(origin)
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm }))
}

async function register(server, metadata, options) {
  return oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(server, metadata, options))
}

async function journey(step, origin, options) {
  const server = await step('discovery', () => discovered(origin, 'oidc'))
  await step('discovery by RFC 8414', async () => deepEqual(await discovered(origin, 'oauth2'), server))

  const pair = await oauth.generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const asked = {
    redirect_uris: ['https://rp.example/cb'],
    client_name: 'oauth4webapi',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ kty, crv, x, y, kid: 'mine', alg: 'ES256', use: 'sig' }] },
  }
  const client = await step('registration', async () => {
    const client = await register(server, asked, options)
    for (const [member, value] of Object.entries(asked)) deepEqual(client[member], value)
    equal(client.client_secret, undefined)
    return client
  })

  const token = client.registration_access_token
  const json = new Headers({ 'content-type': 'application/json' })
  const ask = (method, body) =>
    oauth.protectedResourceRequest(token, method, new URL(client.registration_client_uri), json, body && JSON.stringify(body))
  await step('read', async () => deepEqual(await (await ask('GET')).json(), client))
  await step('update', async () => {
    const answer = await ask('PUT', { ...asked, client_id: client.client_id, client_name: 'Another name' })
    deepEqual(await answer.json(), { ...client, client_name: 'Another name' })
  })
  await step('delete', async () => {
    equal((await ask('DELETE')).status, 204)
    const gone = await refusal(() => ask('GET'))
    equal(gone.cause[0].parameters.error, 'invalid_token')
  })
}

await run('oauth4webapi', {
  async open(step) {
    await journey(step, OPEN)
  },
  async protected(step) {
    await journey(step, PROTECTED, { initialAccessToken: TOKEN })
  },
  async refusal(step) {
    const server = await step('discovery', () => discovered(OPEN, 'oidc'))
    for (const [what, bad, code] of [
      ['a redirect URI with a fragment', { redirect_uris: ['https://rp.example/cb#fragment'] }, 'invalid_redirect_uri'],
      ['a number for a name', { redirect_uris: ['https://rp.example/cb'], client_name: 7 }, 'invalid_client_metadata'],
    ]) {
      await step(what, async () => {
        const refused = await refusal(() => register(server, bad))
        equal(refused.status, 400)
        equal(refused.error, code)
      })
    }
  },
})
