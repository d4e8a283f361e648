// A relying party on openid-client: it knows the issuer and nothing else, registers itself, logs a person in, and manages its entry.

import * as oidc from 'openid-client'
import { Person } from './person.mjs'
import { must, same } from './report.mjs'

const insecure = { execute: [oidc.allowInsecureRequests] }

/** What a relying party registers, unless a test says otherwise. */
export const metadata = {
  client_name: 'Wiki',
  redirect_uris: ['https://wiki.example.com/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
}

/** Registers without a library, to look at the status. */
export async function post(issuer, members, signal) {
  const { registration_endpoint: endpoint } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
  const response = await fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...metadata, ...members }), signal })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

export class RelyingParty {
  static async register(issuer, members = {}, authentication = oidc.ClientSecretBasic(), accept) {
    const config = await oidc.dynamicClientRegistration(new URL(issuer), { ...metadata, ...members }, authentication, insecure)
    const party = new RelyingParty(config, authentication, accept)
    party.registeredAt = Date.now()
    oidc.enableNonRepudiationChecks(config)
    return party
  }

  /** A client that does not register: its identifier is the URL of its document. */
  static async identified(issuer, id, members, accept) {
    const config = await oidc.discovery(new URL(issuer), id, members, oidc.None(), insecure)
    oidc.enableNonRepudiationChecks(config)
    return new RelyingParty(config, oidc.None(), accept)
  }

  constructor(config, authentication, accept) {
    this.config = config
    this.authentication = authentication
    this.accept = accept
    this.person = new Person(accept)
    this.agreed = { ...config.clientMetadata() }
  }

  get id() {
    return this.agreed.client_id
  }

  /** Sends the person to the authorization server, and returns where they came to. */
  async authorize({ redirectUri = this.agreed.redirect_uris[0], scope = 'openid profile email', person = this.person } = {}) {
    const verifier = oidc.randomPKCECodeVerifier()
    const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), pkceCodeVerifier: verifier, idTokenExpected: true }
    const url = oidc.buildAuthorizationUrl(this.config, {
      redirect_uri: redirectUri, scope, state: checks.expectedState, nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    })
    return { ...(await person.authorize(url, redirectUri)), checks }
  }

  /** Logs the person in: a verified ID Token, and user information for it. */
  async logIn(options) {
    const came = await this.authorize(options)
    must(came.url, `the person saw a page of status ${came.error} after ${came.pages.join(', ') || 'nothing'}`)
    const failed = came.url.searchParams.get('error')
    must(!failed, `the client was sent ${failed}: ${came.url.searchParams.get('error_description')}`)
    const tokens = await oidc.authorizationCodeGrant(this.config, came.url, came.checks)
    const claims = tokens.claims()
    same([claims.iss, [claims.aud].flat()], [this.config.serverMetadata().issuer, [this.id]], 'the ID Token')
    const userinfo = await oidc.fetchUserInfo(this.config, tokens.access_token, claims.sub)
    must(userinfo.sub === claims.sub, 'the user information is about another person')
    return { tokens, pages: came.pages, waited: came.firstPageAt - this.registeredAt }
  }

  /** True if the authorization server shows an error page, and sends the person nowhere. */
  async isRefused(options) {
    const came = await this.authorize({ person: new Person(this.accept), ...options })
    return came.error !== undefined && came.pages.length === 0
  }

  async refresh(tokens) {
    return oidc.refreshTokenGrant(this.config, tokens.refresh_token)
  }

  /** The error code and status that a token request is refused with, or undefined. */
  async refusal(request) {
    try {
      await request()
    } catch (error) {
      return error.error ?? error.cause?.[0]?.parameters?.error ?? error.code
    }
  }

  /** RFC 7592. Returns the status, and takes over what an update answers. */
  async manage(method, members) {
    const kept = Object.fromEntries(Object.entries(this.agreed).filter(([name]) =>
      !['registration_access_token', 'registration_client_uri', 'client_id_issued_at', 'client_secret_expires_at', 'client_secret'].includes(name)))
    const body = members && JSON.stringify({ ...kept, ...members })
    const response = await fetch(this.agreed.registration_client_uri, {
      method, body, headers: { authorization: `Bearer ${this.agreed.registration_access_token}`, ...(body && { 'content-type': 'application/json' }) },
    })
    const text = await response.text()
    if (method === 'PUT' && response.status === 200) {
      this.agreed = { ...this.agreed, ...JSON.parse(text) }
      this.config = new oidc.Configuration(this.config.serverMetadata(), this.id, this.agreed, this.authentication)
      oidc.allowInsecureRequests(this.config)
      oidc.enableNonRepudiationChecks(this.config)
    }
    return { status: response.status, headers: response.headers, text }
  }
}
