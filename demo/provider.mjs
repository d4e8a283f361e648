// The authorization server of the demonstration: oidc-provider with its own forms, one user, and the clients that Frontdesk registered.
//
// usage: provider.mjs ISSUER PORT LOOKUP TOKEN-FILE [HOST]

import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { reportUses, withFrontdesk } from './lib/index.js'
import { MemoryAdapter } from './test/memory-adapter.js'

const [issuer, port, at, tokenFile, host = 'localhost'] = process.argv.slice(2)
const user = { sub: 'alice', name: 'Alice', email: 'alice@example.com', email_verified: true }
const pair = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign'])

const provider = new Provider(issuer, {
  adapter: withFrontdesk(MemoryAdapter, { at, issuer, tokenFile }),
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  cookies: { keys: [crypto.randomUUID()] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, sub) => (sub === user.sub ? { accountId: sub, claims: () => user } : undefined),
  jwks: { keys: [{ ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
})
const reports = reportUses(provider)
const server = createServer(provider.callback()).listen(Number(port), host)
server.on('listening', () => console.log('listening'))
process.on('SIGTERM', async () => {
  await reports.stop()
  process.exit()
})
