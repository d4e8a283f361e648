// The adapter inside a real oidc-provider, with a real relying party (openid-client) and a lookup in memory.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import Provider from 'oidc-provider'
import * as oidc from 'openid-client'
import { purposeOf, reportUses, withFrontdesk } from '../lib/index.js'
import { FakeLookup, TOKEN } from './fake-lookup.js'
import { MemoryAdapter } from './memory-adapter.js'

const CLIENT = {
  client_name: 'Wiki',
  redirect_uris: ['http://127.0.0.1:4000/cb'],
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: 'a'.repeat(43),
  client_secret_expires_at: 0,
}

let lookup, provider, server, issuer, reports
before(async () => {
  server = createServer()
  server.listen(0, 'localhost')
  await once(server, 'listening')
  issuer = `http://localhost:${server.address().port}`
  lookup = await FakeLookup.start(issuer)
  provider = new Provider(issuer, {
    adapter: withFrontdesk(MemoryAdapter, {
      at: lookup.at,
      issuer,
      token: TOKEN,
      purpose: purposeOf(Provider),
    }),
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: true } },
    cookies: { keys: ['only a test'] },
    jwks: { keys: [{ ...(await crypto.subtle.exportKey('jwk', (await key()).privateKey)), use: 'sig', alg: 'RS256' }] },
    scopes: ['openid', 'offline_access'],
  })
  reports = reportUses(provider)
  server.on('request', provider.callback())
})
after(async () => {
  await reports.stop()
  server.closeAllConnections()
  server.close()
  await lookup.stop()
})
beforeEach(() => {
  lookup.clients = new Map([['c1', { ...CLIENT }]])
  lookup.requests = []
  lookup.uses = []
  lookup.fault = undefined
})

const key = () =>
  crypto.subtle.generateKey({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign'])

/** Asks for a token in the client's own name; returns the status and the error code. */
async function token(secret = CLIENT.client_secret, id = 'c1') {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return [response.status, (await response.json()).error]
}

/** Follows the forms of devInteractions, as a browser with cookies, until the client's redirect URI. */
async function logIn(url) {
  const jar = new Map()
  let request = { method: 'GET' }
  for (let hop = 0; hop < 12; hop++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...request, headers: { cookie, accept: 'text/html' }, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      jar.set(name, value)
    }
    const location = response.headers.get('location')
    if (location) {
      url = new URL(location, url)
      if (url.origin !== issuer) return url
      request = { method: 'GET' }
      continue
    }
    const page = await response.text()
    assert.equal(response.status, 200, page)
    const prompt = /name="prompt" value="(\w+)"/.exec(page)[1]
    url = new URL(/<form[^>]* action="([^"]+)"/.exec(page)[1], url)
    request = { method: 'POST', body: new URLSearchParams(prompt === 'login' ? { prompt, login: 'alice', password: 'x' } : { prompt }) }
  }
  throw new Error('the log-in does not end')
}

async function authorize(status) {
  const query = new URLSearchParams({ client_id: 'c1', response_type: 'code', scope: 'openid', redirect_uri: CLIENT.redirect_uris[0] })
  const response = await fetch(`${issuer}/auth?${query}`, { headers: { accept: 'text/html' }, redirect: 'manual' })
  assert.equal(response.status, status)
  return response
}

test('a registered client logs a person in', async () => {
  // What oidc-provider refuses a whole client for does not stand in the way.
  Object.assign(lookup.clients.get('c1'), { contacts: ['Operations'], redirect_uris: [...CLIENT.redirect_uris, 'regexp=https://.*'] })
  const config = await oidc.discovery(new URL(issuer), 'c1', CLIENT.client_secret, undefined, { execute: [oidc.allowInsecureRequests] })
  const verifier = oidc.randomPKCECodeVerifier()
  const redirect = 'http://127.0.0.1:5555/cb'
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: 'openid offline_access',
    prompt: 'consent',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const callback = await logIn(url)
  assert.equal(callback.origin + callback.pathname, redirect, 'a native client has any port on loopback')
  const tokens = await oidc.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, idTokenExpected: true })
  assert.equal(tokens.claims().sub, 'alice')
  assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, 'alice')).sub, 'alice')
  assert((await oidc.refreshTokenGrant(config, tokens.refresh_token)).access_token)
  assert(lookup.requests.some((request) => request.includes('purpose=authorize')))
  assert(lookup.requests.every((request) => / (200|304)$/.test(request)), `${lookup.requests}`)
})

test('a new secret counts at the next request', async () => {
  assert.deepEqual(await token(), [200, undefined])
  lookup.clients.get('c1').client_secret = 'b'.repeat(43)
  assert.deepEqual(await token(), [401, 'invalid_client'])
  assert.deepEqual(await token('b'.repeat(43)), [200, undefined])
})

test('an expired secret is refused', async () => {
  lookup.clients.get('c1').client_secret_expires_at = Math.floor(Date.now() / 1000) - 60
  assert.deepEqual(await token(), [400, 'invalid_client'])
})

test('an unknown and a deleted client are invalid_client', async () => {
  assert.deepEqual(await token('x', 'other'), [401, 'invalid_client'])
  lookup.clients.delete('c1')
  assert.deepEqual(await token(), [401, 'invalid_client'])
  await authorize(400)
})

test('a disabled client is unauthorized_client, and a page', async () => {
  lookup.clients.set('c1', { status: 403, body: { error: 'access_denied', reason: 'disabled' } })
  assert.deepEqual(await token(), [400, 'unauthorized_client'])
  assert.match(await (await authorize(400)).text(), /unauthorized_client/)
})

test('only an authorization request has the purpose authorize', async () => {
  await token()
  assert(lookup.requests.length > 0)
  assert(lookup.requests.every((request) => !request.includes('purpose')), `${lookup.requests}`)
  lookup.requests = []
  await authorize(303)
  assert(lookup.requests.length > 0)
  assert(lookup.requests.every((request) => request.includes('&purpose=authorize ')), `${lookup.requests}`)
  assert.throws(() => purposeOf(undefined), TypeError)
})

test('a refused document is a page that names the member', async () => {
  lookup.clients.set('c1', { status: 422, body: { error: 'invalid_client_metadata', reason: 'refused', member: 'jwks_uri' } })
  assert.deepEqual(await token(), [400, 'unauthorized_client'])
  assert.match(await (await authorize(400)).text(), /jwks_uri/)
})

test('a lookup that is down is 503, never an unknown client', async () => {
  assert.deepEqual(await token(), [200, undefined])
  lookup.fault = { status: 503, body: { error: 'temporarily_unavailable' } }
  assert.deepEqual(await token(), [503, 'server_error'])
  await authorize(503)
  lookup.fault = undefined
  assert.deepEqual(await token(), [200, undefined])
})

test('clients that were given a token are reported once', async () => {
  lookup.clients.set('c2', { ...CLIENT }).set('c3', { ...CLIENT })
  await reports.flush()
  lookup.uses = []
  await Promise.all([token(), token(), token(CLIENT.client_secret, 'c2'), token('wrong', 'c3')])
  await reports.flush()
  assert.equal(lookup.uses.length, 1)
  assert.equal(lookup.uses[0].issuer, issuer)
  assert.deepEqual(lookup.uses[0].client_ids.toSorted(), ['c1', 'c2'])
  await reports.flush()
  assert.equal(lookup.uses.length, 1)
})

test('a report that fails goes with the next one', async () => {
  await token()
  lookup.fault = { status: 503, body: { error: 'temporarily_unavailable' } }
  await assert.rejects(reports.flush(), /503/)
  lookup.fault = undefined
  await reports.flush()
  assert.deepEqual(lookup.uses, [{ issuer, client_ids: ['c1'] }])
})

test('only a provider with this adapter is reported', () => {
  assert.throws(() => reportUses(new Provider('http://localhost:1', { adapter: MemoryAdapter })), TypeError)
})
