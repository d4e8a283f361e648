// The relying party of the demonstration: it knows the issuer and nothing else, registers itself, and logs a person in.
//
// usage: relying-party.mjs ISSUER PORT [HOST]

import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const [issuer, port, host = 'localhost'] = process.argv.slice(2)
const home = `http://localhost:${port}/`
const redirectUri = `${home}callback`
const client = await oidc.dynamicClientRegistration(
  new URL(issuer),
  { client_name: 'Demonstration', redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  undefined,
  { execute: [oidc.allowInsecureRequests] })
console.log(`registered ${client.clientMetadata().client_id}`)

const verifiers = new Map()

/** Sends the person to the authorization server. RFC 7636 §4. */
async function begin(response) {
  const state = oidc.randomState()
  const verifier = oidc.randomPKCECodeVerifier()
  verifiers.set(state, verifier)
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  response.writeHead(302, { location: url.href }).end()
}

/** Exchanges the code, verifies the ID Token, and shows who logged in. */
async function finish(url, response) {
  const state = url.searchParams.get('state')
  const verifier = verifiers.get(state)
  verifiers.delete(state)
  const tokens = await oidc.authorizationCodeGrant(client, url, { expectedState: state, pkceCodeVerifier: verifier })
  const userinfo = await oidc.fetchUserInfo(client, tokens.access_token, tokens.claims().sub)
  const shown = { client_id: client.clientMetadata().client_id, id_token: tokens.claims(), userinfo }
  const text = JSON.stringify(shown, null, 2).replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" })
    .end(`<!doctype html><title>Logged in</title><h1>Logged in</h1><pre>${text}</pre><p><a href="/">Again</a></p>`)
}

createServer(async (request, response) => {
  const url = new URL(request.url, home)
  try {
    if (url.pathname === '/callback') await finish(url, response)
    else if (url.pathname === '/') await begin(response)
    else response.writeHead(404).end()
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`The login failed: ${error.message}\n`)
  }
}).listen(Number(port), host, () => console.log('listening'))
