// The adapter by itself, against a lookup in memory.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { ClientDisabledError, fit, LookupError, withFrontdesk } from '../lib/index.js'
import { FakeLookup, TOKEN } from './fake-lookup.js'

const ISSUER = 'https://login.example.com'
const CLIENT = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.com/cb'], client_secret: 's1', client_secret_expires_at: 0 }

class Base {
  constructor(name) {
    this.name = name
  }
}

let lookup
before(async () => (lookup = await FakeLookup.start(ISSUER)))
after(() => lookup.stop())
beforeEach(() => {
  lookup.clients = new Map([['c1', { ...CLIENT }]])
  lookup.requests = []
  lookup.fault = undefined
  lookup.maxAge = 0
})

const clients = (options) => withFrontdesk(Base, { at: lookup.at, issuer: ISSUER, token: TOKEN, ...options })('Client')
const statuses = () => lookup.requests.map((request) => Number(request.split(' ').at(-1)))
const fails = (kind, message) => (error) => {
  assert(error instanceof kind, `${error}`)
  assert.match(error.message, message)
  return true
}

test('a client is what the lookup has of it, without its own object', async () => {
  assert.deepEqual(await clients().find('c1'), { ...CLIENT, client_id: 'c1' })
  assert.deepEqual(lookup.requests, ['GET /clients?issuer=https%3A%2F%2Flogin.example.com&client_id=c1 200'])
})

test('an identifier that is a URL goes into the query', async () => {
  lookup.clients.set('https://app.example/client?a=b&c', { ...CLIENT })
  assert.equal((await clients().find('https://app.example/client?a=b&c')).client_name, 'Wiki')
})

test('every find revalidates, and sees a change at once', async () => {
  const adapter = clients()
  await adapter.find('c1')
  const again = await adapter.find('c1')
  assert.equal(again.client_secret, 's1')
  lookup.clients.get('c1').client_secret = 's2'
  assert.equal((await adapter.find('c1')).client_secret, 's2')
  lookup.clients.delete('c1')
  assert.equal(await adapter.find('c1'), undefined)
  assert.deepEqual(statuses(), [200, 304, 200, 404])
})

test('a kept client is not changed by its user', async () => {
  const adapter = clients()
  const first = await adapter.find('c1')
  first.redirect_uris.push('https://evil.example/')
  assert.deepEqual((await adapter.find('c1')).redirect_uris, CLIENT.redirect_uris)
})

test('an answer with max-age is used for that time', async () => {
  lookup.maxAge = 60
  const adapter = clients()
  await adapter.find('c1')
  assert.equal((await adapter.find('c1')).client_secret, 's1')
  assert.deepEqual(statuses(), [200])
})

test('at most as many clients are kept as the option says', async () => {
  lookup.clients.set('c2', { ...CLIENT }).set('c3', { ...CLIENT })
  const adapter = clients({ keep: 2 })
  for (const id of ['c1', 'c2', 'c1', 'c3', 'c1', 'c2']) await adapter.find(id)
  assert.deepEqual(statuses(), [200, 200, 304, 200, 304, 200])
})

test('an unknown and a deleted client are undefined', async () => {
  lookup.clients.set('gone', { status: 410, body: { error: 'not_found', reason: 'deleted' } })
  assert.equal(await clients().find('other'), undefined)
  assert.equal(await clients().find('gone'), undefined)
})

test('a disabled client is unauthorized_client', async () => {
  lookup.clients.set('c1', { status: 403, body: { error: 'access_denied', reason: 'disabled' } })
  await assert.rejects(clients().find('c1'), (error) => {
    assert(error instanceof ClientDisabledError)
    assert.equal(error.error, 'unauthorized_client')
    assert.equal(error.statusCode, 400)
    assert.equal(error.error_detail, 'disabled')
    return true
  })
})

test('every other answer is an error, never an unknown client', async () => {
  const adapter = clients()
  await adapter.find('c1')
  for (const [fault, message] of [
    [{ status: 503, body: { error: 'temporarily_unavailable' } }, /^the lookup answered 503 temporarily_unavailable$/],
    [{ status: 422, body: { error: 'other' } }, /^the lookup answered 422 other$/],
    [{ status: 403, body: { error: 'insufficient_scope' } }, /^the lookup answered 403 insufficient_scope$/],
    [{ status: 404, body: '<h1>Not Found</h1>' }, /^the lookup answered 404$/],
    [{ status: 200, body: '[]' }, /^the lookup answered with something that is not a JSON object$/],
    [{ status: 200, body: { client_id: 'c2' } }, /^the lookup answered with another client$/],
    [{ status: 302, headers: { location: '/clients' } }, /^the lookup does not answer$/],
  ]) {
    lookup.fault = fault
    await assert.rejects(adapter.find('c1'), fails(LookupError, message))
  }
  lookup.fault = undefined
  await assert.rejects(clients({ token: 'wrong' }).find('c1'), fails(LookupError, /^the lookup answered 401 invalid_token$/))
  await assert.rejects(clients({ at: 'http://127.0.0.1:1' }).find('c1'), fails(LookupError, /^the lookup does not answer$/))
})

test('a lookup that hangs ends after the timeout', async () => {
  const fetch = (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  // A pending timer of AbortSignal.timeout alone does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  await assert.rejects(clients({ fetch, timeout: 20 }).find('c1'), (error) => error.cause.name === 'TimeoutError')
  clearInterval(alive)
})

test('a token file is read at each request', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-'))
  const tokenFile = join(folder, 'token')
  const adapter = clients({ token: undefined, tokenFile })
  await assert.rejects(adapter.find('c1'), fails(LookupError, /^the file of the lookup token cannot be read$/))
  await writeFile(tokenFile, 'wrong\n')
  await assert.rejects(adapter.find('c1'), fails(LookupError, /401/))
  await writeFile(tokenFile, `${TOKEN}\n`)
  assert.equal((await adapter.find('c1')).client_name, 'Wiki')
  await rm(folder, { recursive: true })
})

test('the purpose of the moment is asked for', async () => {
  let purpose = 'authorize'
  const adapter = clients({ purpose: () => purpose })
  await adapter.find('c1')
  purpose = undefined
  await adapter.find('c1')
  assert.match(lookup.requests[0], /&purpose=authorize 200$/)
  assert.doesNotMatch(lookup.requests[1], /purpose/)
})

test('other models are those of the base, a class or a function', () => {
  const options = { at: lookup.at, issuer: ISSUER, token: TOKEN }
  assert.equal(withFrontdesk(Base, options)('Session').name, 'Session')
  assert.equal(withFrontdesk((name) => ({ name }), options)('Session').name, 'Session')
  assert.throws(() => withFrontdesk(undefined, options), TypeError)
})

test('clients are not written', async () => {
  await assert.rejects(clients().upsert('c1', {}), /registered at Frontdesk/)
  await assert.rejects(clients().destroy('c1'), /deleted at Frontdesk/)
  assert.deepEqual(lookup.requests, [])
})

test('options that are missing or wrong are refused', () => {
  const options = { at: lookup.at, issuer: ISSUER, token: TOKEN }
  for (const wrong of [{ at: undefined }, { issuer: '' }, { token: undefined }, { tokenFile: 'x' }, { timeout: 0 }, { keep: -1 }, { at: 'x' }]) {
    assert.throws(() => withFrontdesk(Base, { ...options, ...wrong }), TypeError)
  }
})

test('fit leaves out what oidc-provider refuses a client for', () => {
  const redirects = ['https://wiki.example.com/cb', 'regexp=https://wiki.example.com/.*']
  assert.deepEqual(fit({ contacts: ['ops@example.com', 'Operations'], redirect_uris: redirects, client_secret: 's', scope: 'openid' }), {
    contacts: ['ops@example.com'],
    redirect_uris: redirects.slice(0, 1),
    client_secret: 's',
    client_secret_expires_at: 0,
    scope: 'openid',
  })
  assert.deepEqual(fit({ contacts: ['Operations'], client_secret_expires_at: null }), {})
  assert.deepEqual(fit({ client_secret: 's', client_secret_expires_at: 5 }), { client_secret: 's', client_secret_expires_at: 5 })
})

test('without the option fit a client is given as it is', async () => {
  lookup.clients.get('c1').contacts = ['Operations']
  assert.deepEqual((await clients({ fit: false }).find('c1')).contacts, ['Operations'])
  assert.equal((await clients().find('c1')).contacts, undefined)
})
