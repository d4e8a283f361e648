// Inrupt's libraries for Solid, whose applications run on loopback while they are developed: the one for Node up to the authorization
// request, and the registration of the one for browsers, which says `application_type` web.

import { equal, match } from 'node:assert/strict'
import { registerClient } from '@inrupt/oidc-client-ext'
import { Session } from '@inrupt/solid-client-authn-node'
import { OPEN, PROTECTED, refusal, run } from './steps.mjs'

const redirectUrl = 'http://localhost:3000/callback'

async function discovered(issuer) {
  const document = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
  return {
    registrationEndpoint: document.registration_endpoint,
    idTokenSigningAlgValuesSupported: document.id_token_signing_alg_values_supported,
  }
}

await run('Solid, Node', {
  async open(step) {
    await step('discovery, registration, authorization request', async () => {
      const session = new Session({ keepAlive: false })
      let sentTo
      const handleRedirect = (url) => (sentTo = new URL(url))
      await session.login({ oidcIssuer: OPEN, redirectUrl, clientName: 'Solid', handleRedirect })
      equal(sentTo.origin + sentTo.pathname, `${OPEN}/oauth2/authorize`)
      match(sentTo.searchParams.get('client_id'), /./)
      equal(sentTo.searchParams.get('redirect_uri'), redirectUrl)
      equal(sentTo.searchParams.get('code_challenge_method'), 'S256')
    })
  },
})

await run('Solid, browser', {
  async open(step) {
    await step('registration as web on loopback', async () => {
      const client = await registerClient({ redirectUrl, clientName: 'Solid' }, await discovered(OPEN))
      match(client.clientId, /./)
      match(client.clientSecret, /./)
      equal(client.idTokenSignedResponseAlg, 'ES256')
    })
  },
  async protected(step) {
    await step('no token, no client, and the library has no place for one', async () => {
      const issuerConfig = await discovered(PROTECTED)
      const refused = await refusal(() => registerClient({ redirectUrl, clientName: 'Solid' }, issuerConfig))
      match(refused.message, /^Dynamic client registration failed: the server returned 401 /)
    })
  },
  async refusal(step) {
    await step('http elsewhere than on loopback', async () => {
      const issuerConfig = await discovered(OPEN)
      const bad = { redirectUrl: 'http://rp.example/callback', clientName: 'Solid' }
      const refused = await refusal(() => registerClient(bad, issuerConfig))
      match(refused.message, /^Dynamic client registration failed: the provided redirect uri \[http:\/\/rp\.example\/callback\] is invalid/)
    })
  },
})
