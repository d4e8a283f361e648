// The adapter: clients come from the lookup, everything else from another adapter.

import { fit } from './fit.js'
import { Lookup } from './lookup.js'

/** The adapter of oidc-provider's model `Client`. Clients are registered at Frontdesk, so nothing is written here. */
export class FrontdeskClientAdapter {
  #fit

  /** @param {import('./index.js').FrontdeskOptions} options */
  constructor(options) {
    this.lookup = new Lookup(options)
    this.#fit = options.fit ?? true
  }

  /** @param {string} id */
  async find(id) {
    const client = await this.lookup.find(id)
    return client && this.#fit ? fit(client) : client
  }

  async upsert() {
    throw new Error('clients are registered at Frontdesk; leave the feature registration off')
  }

  async destroy() {
    throw new Error('clients are deleted at Frontdesk; leave the feature registrationManagement off')
  }

  // The rest of an adapter is for other models: a client has neither a user code nor a session, and is not consumed or revoked.

  async findByUserCode() {}

  async findByUid() {}

  async consume() {
    throw new Error('a client is not consumed')
  }

  async revokeByGrantId() {
    throw new Error('a client has no grant')
  }
}

/**
 * Returns an adapter for oidc-provider that finds clients at Frontdesk and leaves every other model to `Base`.
 *
 * @param {import('./index.js').BaseAdapter} Base a class or a factory function, as oidc-provider's option `adapter`
 * @param {import('./index.js').FrontdeskOptions} options
 * @returns {import('./index.js').AdapterFactory}
 */
export function withFrontdesk(Base, options) {
  if (typeof Base !== 'function') throw new TypeError('Base must be the adapter of everything that is not a client')
  const clients = new FrontdeskClientAdapter(options)
  // An arrow function has no prototype, and so oidc-provider calls it and does not construct it.
  return (name) => {
    if (name === 'Client') return clients
    if (Base.prototype === undefined) return /** @type {import('./index.js').AdapterFactory} */ (Base)(name)
    return new /** @type {import('./index.js').AdapterConstructor} */ (Base)(name)
  }
}
