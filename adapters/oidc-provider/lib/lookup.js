// Requests to Frontdesk's lookup, with the last answer about each client kept for its ETag.

import { readFile } from 'node:fs/promises'
import { ClientDisabledError, ClientRefusedError, LookupError } from './errors.js'

/** The maximum number of identifiers in one report of uses. */
export const USES_PER_REPORT = 1000

/**
 * @typedef {object} KeptClient
 * @property {string} etag
 * @property {Record<string, unknown>} client
 * @property {number} freshUntil milliseconds of the clock `performance`
 */

/** The lookup of one issuer. */
export class Lookup {
  /** @type {Map<string, KeptClient>} in the order of their last use */
  #kept = new Map()
  #options

  /** @param {import('./index.js').FrontdeskOptions} options */
  constructor(options) {
    const { at, issuer, token, tokenFile, timeout = 2000, keep = 1000, purpose } = options ?? {}
    if (!at || !issuer) throw new TypeError('the options at and issuer are required')
    if ((token === undefined) === (tokenFile === undefined)) throw new TypeError('one of the options token and tokenFile is required')
    if (!Number.isSafeInteger(timeout) || timeout <= 0) throw new TypeError('the option timeout must be a number of milliseconds')
    if (!Number.isSafeInteger(keep) || keep < 0) throw new TypeError('the option keep must be a number of clients')
    const fetch = options.fetch ?? globalThis.fetch
    this.#options = { at: base(at), issuer, token, tokenFile, timeout, keep, purpose, fetch }
  }

  /**
   * Returns the client, or undefined if there is none (any more).
   *
   * @param {string} id
   * @returns {Promise<Record<string, unknown> | undefined>}
   * @throws {ClientDisabledError | ClientRefusedError | LookupError}
   */
  async find(id) {
    const kept = this.#kept.get(id)
    if (kept && performance.now() < kept.freshUntil) return this.#use(id, kept)
    const { issuer, purpose } = this.#options
    const query = new URLSearchParams({ issuer, client_id: id })
    const asked = purpose?.()
    if (asked) query.set('purpose', asked)
    const response = await this.#request(`clients?${query}`, kept && { headers: { 'if-none-match': kept.etag } })
    if (response.status === 304 && kept) {
      return this.#use(id, { ...kept, freshUntil: freshUntil(response) })
    }
    if (response.status === 200) return this.#answered(id, response)
    this.#kept.delete(id)
    return refused(response)
  }

  /**
   * Reports clients that were used: at most {@link USES_PER_REPORT}.
   *
   * @param {string[]} ids
   */
  async reportUses(ids) {
    const body = JSON.stringify({ issuer: this.#options.issuer, client_ids: ids })
    const response = await this.#request('clients/used', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (response.status !== 204) await refused(response)
  }

  /**
   * @param {string} id
   * @param {Response} response
   */
  async #answered(id, response) {
    const client = await object(response)
    if (client?.client_id !== undefined && client.client_id !== id) throw new LookupError('the lookup answered with another client')
    if (!client) throw new LookupError('the lookup answered with something that is not a JSON object')
    const { frontdesk, ...metadata } = client
    const etag = response.headers.get('etag')
    const found = { etag: etag ?? '', client: { ...metadata, client_id: id }, freshUntil: freshUntil(response) }
    if (etag) return this.#use(id, found)
    this.#kept.delete(id)
    return structuredClone(found.client)
  }

  /**
   * Keeps an answer as the one that was used last.
   *
   * @param {string} id
   * @param {KeptClient} kept
   */
  #use(id, kept) {
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#options.keep && oldest !== undefined) this.#kept.delete(oldest)
    return structuredClone(kept.client)
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async #request(path, init) {
    const { at, timeout, fetch } = this.#options
    const headers = { accept: 'application/json', ...init?.headers, authorization: `Bearer ${await this.#token()}` }
    try {
      return await fetch(at + path, { ...init, headers, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    } catch (cause) {
      throw new LookupError('the lookup does not answer', { cause })
    }
  }

  /** Reads the token; that of a file at each request, so that it can be replaced. */
  async #token() {
    const { token, tokenFile } = this.#options
    if (tokenFile === undefined) return token
    try {
      return (await readFile(tokenFile, 'utf8')).trim()
    } catch (cause) {
      throw new LookupError('the file of the lookup token cannot be read', { cause })
    }
  }
}

/**
 * Returns an address that paths can be appended to.
 *
 * @param {string | URL} at
 */
function base(at) {
  const { href } = new URL(at)
  return href.endsWith('/') ? href : `${href}/`
}

/**
 * Returns undefined for a client that does not exist, and throws for everything else.
 *
 * @param {Response} response
 * @returns {Promise<undefined>}
 */
async function refused(response) {
  const { status } = response
  const answer = await object(response)
  // A 404 without this code is of another server, and says nothing about the client.
  if ((status === 404 || status === 410) && answer?.error === 'not_found') return undefined
  if (status === 403 && answer?.error === 'access_denied') {
    throw new ClientDisabledError(typeof answer.reason === 'string' ? answer.reason : undefined)
  }
  if (status === 422 && answer?.error === 'invalid_client_metadata') {
    throw new ClientRefusedError(typeof answer.member === 'string' ? answer.member : undefined)
  }
  const code = typeof answer?.error === 'string' ? ` ${answer.error}` : ''
  throw new LookupError(`the lookup answered ${status}${code}`)
}

/**
 * Returns the body if it is a JSON object.
 *
 * @param {Response} response
 * @returns {Promise<Record<string, unknown> | undefined>}
 */
async function object(response) {
  let body
  try {
    body = await response.json()
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw new LookupError('the answer of the lookup ended early', { cause })
  }
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined
}

/** @param {Response} response */
function freshUntil(response) {
  const seconds = /(?:^|[\s,])max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1]
  return performance.now() + Number(seconds ?? 0) * 1000
}
