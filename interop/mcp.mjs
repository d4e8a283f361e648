// The OAuth client of the MCP SDK: its two kinds of discovery, its registration, and the whole flow up to the
// authorization request, for a resource on the server's own host.

import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { auth, discoverAuthorizationServerMetadata, discoverOAuthMetadata, registerClient } from '@modelcontextprotocol/sdk/client/auth.js'
import { DOCUMENT, DOCUMENTS, OPEN, PROTECTED, TOKEN, refusal, run } from './steps.mjs'

const clientMetadata = {
  redirect_uris: ['http://localhost:33418/callback'],
  client_name: 'An MCP client',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  software_id: 'mcp.example',
  software_version: '1.0.0',
}

/** A client that keeps what it is told. */
class Provider {
  redirectUrl = clientMetadata.redirect_uris[0]
  clientMetadata = clientMetadata
  clientInformation() {
    return this.information
  }
  saveClientInformation(information) {
    this.information = information
  }
  tokens() {}
  saveTokens() {}
  redirectToAuthorization(url) {
    this.sentTo = url
  }
  saveCodeVerifier() {}
  codeVerifier() {}
}

function discovered(step, issuer) {
  return step('discovery by RFC 8414', async () => {
    const metadata = await discoverOAuthMetadata(issuer)
    equal(metadata.issuer, issuer)
    return metadata
  })
}

async function registered(step, metadata, fetchFn) {
  await step('registration', async () => {
    const scope = metadata.scopes_supported.join(' ')
    const client = await registerClient(metadata.issuer, { metadata, clientMetadata, scope, fetchFn })
    equal(client.client_secret, undefined)
    for (const [member, value] of Object.entries({ ...clientMetadata, scope })) deepEqual(client[member], value)
  })
}

await run('MCP SDK', {
  async open(step) {
    const metadata = await discovered(step, OPEN)
    await step('discovery of either kind', async () => equal((await discoverAuthorizationServerMetadata(OPEN)).issuer, OPEN))
    await registered(step, metadata)
    await step('the whole flow', async () => {
      const provider = new Provider()
      equal(await auth(provider, { serverUrl: `${OPEN}/mcp` }), 'REDIRECT')
      equal(provider.sentTo.origin + provider.sentTo.pathname, metadata.authorization_endpoint)
      equal(provider.sentTo.searchParams.get('client_id'), provider.information.client_id)
      equal(provider.sentTo.searchParams.get('code_challenge_method'), 'S256')
    })
    await step('registration where documents are closed', async () => {
      const provider = new Provider()
      provider.clientMetadataUrl = DOCUMENT
      equal(await auth(provider, { serverUrl: `${OPEN}/mcp` }), 'REDIRECT')
      notEqual(provider.information.client_id, DOCUMENT)
    })
    await step('a refusal is understood', async () => {
      const refused = await refusal(() =>
        registerClient(OPEN, { metadata, clientMetadata: { ...clientMetadata, redirect_uris: ['https://rp.example/cb#fragment'] } }),
      )
      match(refused.message, /One or more redirect_uri values are invalid: /)
    })
  },
  async documents(step) {
    const provider = new Provider()
    await step('the document in place of a registration', async () => {
      provider.clientMetadataUrl = DOCUMENT
      equal(await auth(provider, { serverUrl: `${DOCUMENTS}/mcp` }), 'REDIRECT')
      equal(provider.sentTo.origin + provider.sentTo.pathname, `${DOCUMENTS}/authorize`)
      equal(provider.sentTo.searchParams.get('client_id'), DOCUMENT)
    })
    await step('the authorization URL leads on, byte for byte', async () => {
      const answer = await fetch(provider.sentTo, { redirect: 'manual' })
      equal(answer.status, 302)
      equal(answer.headers.get('location'), `https://as.example.com/auth${provider.sentTo.search}`)
      await (await fetch(provider.sentTo, { redirect: 'manual' })).arrayBuffer()
      equal((await (await fetch(new URL('/count', DOCUMENT))).json()).count, 1)
    })
  },
  async protected(step) {
    const metadata = await discovered(step, PROTECTED)
    await step('no token, no client', async () => {
      const refused = await refusal(() => registerClient(PROTECTED, { metadata, clientMetadata }))
      equal(refused.errorCode, 'invalid_token')
    })
    // The SDK has no option for an initial access token; it lets the caller bring the way to fetch.
    await registered(step, metadata, (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${TOKEN}` } }))
  },
})
