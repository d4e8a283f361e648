/** An adapter instance of oidc-provider. */
export interface AdapterInstance {
  upsert(id: string, payload: any, expiresIn: number): Promise<any>
  find(id: string): Promise<any>
  findByUserCode(userCode: string): Promise<any>
  findByUid(uid: string): Promise<any>
  consume(id: string): Promise<any>
  destroy(id: string): Promise<any>
  revokeByGrantId(grantId: string): Promise<any>
}

export type AdapterFactory = (name: string) => AdapterInstance
export type AdapterConstructor = new (name: string) => AdapterInstance

/** A class or a factory function, as the option `adapter` of oidc-provider. */
export type BaseAdapter = AdapterFactory | AdapterConstructor

export interface FrontdeskOptions {
  /** The address of Frontdesk's lookup, such as `https://127.0.0.1:9445`. */
  at: string | URL
  /** The issuer, byte for byte as Frontdesk and the provider have it. */
  issuer: string
  /** A lookup token; `frontdesk lookup-token issue --secrets read` prints one. */
  token?: string
  /** A file with the token in place of `token`. It is read at each request, so that the token can be replaced. */
  tokenFile?: string
  /** The time in milliseconds after which a lookup fails. Default: 2000. */
  timeout?: number
  /** The maximum number of clients whose last answer is kept for its ETag. Default: 1000. */
  keep?: number
  /** True if clients are changed by `fit`. Default: true. */
  fit?: boolean
  /** Returns `authorize` while an authorization request is handled: only then does Frontdesk fetch a client ID document. */
  purpose?: () => 'authorize' | undefined
  /** A replacement of the global `fetch`. */
  fetch?: typeof globalThis.fetch
}

/** The part of the class `Provider` that {@link purposeOf} needs. */
export interface ProviderClass {
  new (...args: any[]): any
  readonly ctx: { oidc?: { route?: string } } | undefined
}

/** Returns the option `purpose`: `authorize` at the authorization endpoint of a provider of this class, and undefined at every other one. */
export function purposeOf(Provider: ProviderClass): () => 'authorize' | undefined

/** Returns an adapter that finds clients at Frontdesk and leaves every other model to `Base`. */
export function withFrontdesk(Base: BaseAdapter, options: FrontdeskOptions): AdapterFactory

/**
 * Returns a client as oidc-provider accepts it: without contacts that are no e-mail addresses and without redirect URIs that are
 * patterns; a client with a secret has `client_secret_expires_at` as a number.
 */
export function fit(client: Record<string, unknown>): Record<string, unknown>

/** The part of an oidc-provider that {@link reportUses} needs. */
export interface ReportingProvider {
  Client: any
  on(event: 'grant.success', listener: (ctx: any) => void): unknown
  off(event: 'grant.success', listener: (ctx: any) => void): unknown
}

export interface UseReports {
  /** Reports now. Rejects with a {@link LookupError} if the lookup does not take the report; it then goes with the next one. */
  flush(): Promise<void>
  /** Ends the reports, after a last one. */
  stop(): Promise<void>
}

/** Reports the clients that a provider gave tokens to, once a minute. */
export function reportUses(provider: ReportingProvider): UseReports

/** The client exists and may not be used now; oidc-provider answers 400 `unauthorized_client`. */
export class ClientDisabledError extends Error {
  readonly error: 'unauthorized_client'
  readonly error_description: string
  /** The reason of the lookup, such as `disabled`. */
  readonly error_detail: string | undefined
  readonly statusCode: 400
}

/** The document of the client is refused; oidc-provider answers 400 `unauthorized_client`. */
export class ClientRefusedError extends Error {
  readonly error: 'unauthorized_client'
  /** The description, with the member that the document is refused for if there is one. */
  readonly error_description: string
  readonly statusCode: 400
}

/** The lookup gave no answer about the client; oidc-provider answers 503. */
export class LookupError extends Error {
  readonly error: 'server_error'
  readonly statusCode: 503
}
