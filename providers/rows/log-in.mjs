// Row 1: a client that registers logs a person in at once.

import * as oidc from 'openid-client'
import { RelyingParty } from '../lib/relying-party.mjs'
import { must, same } from '../lib/report.mjs'

const native = { application_type: 'native', token_endpoint_auth_method: 'none' }

/** The relying parties of the row: a name, what they register, how they authenticate, and what differs in their log-in. */
async function parties(audience) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const jwks = { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: 'one', use: 'sig', alg: 'ES256' }] }
  return [
    ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }, oidc.ClientSecretBasic()],
    ['client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }, oidc.ClientSecretPost()],
    ['private_key_jwt', { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', jwks }, oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }, audience && { [oidc.modifyAssertion]: (_, payload) => { payload.aud = audience } })],
    ['native on another port', { ...native, redirect_uris: ['http://127.0.0.1:3000/callback'] }, oidc.None(), 'http://127.0.0.1:50999/callback'],
  ]
}

/** `audience` is what the server demands in an assertion, unless it takes its issuer. */
export async function logIn(report, name, { issuer, accept, scope, userScope, audience }) {
  for (const [party, members, authentication, redirectUri] of await parties(audience)) {
    await report.row(`1 ${name}: ${party}`, async () => {
      const client = await RelyingParty.register(issuer, { ...members, ...(scope && { scope }) }, authentication, accept)
      const { tokens, waited } = await client.logIn({ redirectUri, scope: userScope })
      must(waited < 1000, `the first page came ${waited} ms after the registration`)
      if (tokens.refresh_token) {
        const again = await client.refresh(tokens)
        same(again.claims()?.sub ?? tokens.claims().sub, tokens.claims().sub, 'the person of the refreshed tokens')
      } else must(false, 'there is no refresh token')
      return `first page ${waited} ms after the 201`
    })
  }
}
