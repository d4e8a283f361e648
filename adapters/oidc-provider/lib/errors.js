// The errors that oidc-provider answers with. It reads `statusCode`, `expose`, `message` and `error_description`.

/** The client exists and may not be used now: it is disabled, idle or not yet provisioned. */
export class ClientDisabledError extends Error {
  /** @param {string} [reason] the reason of the lookup, such as `disabled` */
  constructor(reason) {
    super('unauthorized_client')
    this.name = 'ClientDisabledError'
    this.error = 'unauthorized_client'
    this.error_description = 'the client may not be used at the moment'
    this.error_detail = reason
    this.status = 400
    this.statusCode = 400
    this.expose = true
    this.allow_redirect = false
  }
}

/** The document of the client is refused. */
export class ClientRefusedError extends Error {
  /** @param {string} [member] the member that the document is refused for, if there is one */
  constructor(member) {
    super('unauthorized_client')
    this.name = 'ClientRefusedError'
    this.error = 'unauthorized_client'
    this.error_description = `the document of the client cannot be accepted${member === undefined ? '' : `: ${member}`}`
    this.status = 400
    this.statusCode = 400
    this.expose = true
    this.allow_redirect = false
  }
}

/** The lookup gave no answer about the client, which says nothing about the client. */
export class LookupError extends Error {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super(message, options)
    this.name = 'LookupError'
    this.error = 'server_error'
    this.status = 503
    this.statusCode = 503
    this.expose = false
    this.allow_redirect = false
  }
}
