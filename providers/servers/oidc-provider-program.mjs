// oidc-provider with its own forms and one person.
//
// usage: oidc-provider-program.mjs JSON, with `issuer`, `port`, and `at` and `tokenFile` for the lookup or `initialAccessToken` for its own
// registration.

import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { purposeOf, reportUses, withFrontdesk } from '../adapter/lib/index.js'
import { MemoryAdapter } from '../adapter/test/memory-adapter.js'

const { issuer, port, at, tokenFile, initialAccessToken } = JSON.parse(process.argv[2])
const user = { sub: 'alice', name: 'Alice', email: 'alice@example.com', email_verified: true }
const pair = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign'])
const { key_ops: _, ext: __, ...privateKey } = await crypto.subtle.exportKey('jwk', pair.privateKey)

const registered = new Set()
class OwnAdapter extends MemoryAdapter {
  constructor(model) {
    super(model)
    this.isClients = model === 'Client'
  }

  async upsert(id, ...more) {
    if (this.isClients) registered.add(id)
    return super.upsert(id, ...more)
  }

  async destroy(id) {
    if (this.isClients) registered.delete(id)
    return super.destroy(id)
  }
}

const provider = new Provider(issuer, {
  adapter: at ? withFrontdesk(MemoryAdapter, { at, issuer, tokenFile, purpose: purposeOf(Provider) }) : OwnAdapter,
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  cookies: { keys: [crypto.randomUUID()] },
  features: {
    devInteractions: { enabled: true },
    ...(initialAccessToken && { registration: { enabled: true, initialAccessToken }, registrationManagement: { enabled: true, rotateRegistrationAccessToken: true } }),
  },
  findAccount: (_, sub) => (sub === user.sub ? { accountId: sub, claims: () => user } : undefined),
  // A refresh token for every client that agreed to the grant, without the scope offline_access.
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  jwks: { keys: [{ ...privateKey, use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
})
if (at) reportUses(provider)
const answer = provider.callback()
createServer((request, response) => (request.url === '/all-clients' ? response.end(JSON.stringify([...registered])) : answer(request, response))).listen(port, '127.0.0.1')
