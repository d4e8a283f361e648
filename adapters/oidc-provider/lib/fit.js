// Values that oidc-provider refuses a whole client for, although the client can do without them.

const EMAIL = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z\d](?:[a-zA-Z\d-]{0,61}[a-zA-Z\d])?(?:\.[a-zA-Z\d](?:[a-zA-Z\d-]{0,61}[a-zA-Z\d])?)*$/
const PATTERN = 'regexp='

/**
 * Returns a client as oidc-provider accepts it: without contacts that are no e-mail addresses and without redirect URIs that are
 * patterns; a client with a secret has `client_secret_expires_at` as a number.
 *
 * @param {Record<string, unknown>} client
 * @returns {Record<string, unknown>}
 */
export function fit(client) {
  const fitted = { ...client }
  keep(fitted, 'contacts', (contact) => typeof contact === 'string' && EMAIL.test(contact))
  if (Array.isArray(fitted.contacts) && fitted.contacts.length === 0) delete fitted.contacts
  for (const member of ['redirect_uris', 'post_logout_redirect_uris']) {
    keep(fitted, member, (uri) => typeof uri !== 'string' || !uri.startsWith(PATTERN))
  }
  if (fitted.client_secret_expires_at == null) delete fitted.client_secret_expires_at
  if (fitted.client_secret !== undefined && fitted.client_secret_expires_at === undefined) fitted.client_secret_expires_at = 0
  return fitted
}

/**
 * @param {Record<string, unknown>} client
 * @param {string} member
 * @param {(element: unknown) => boolean} accepts
 */
function keep(client, member, accepts) {
  const list = client[member]
  if (Array.isArray(list)) client[member] = list.filter(accepts)
}
