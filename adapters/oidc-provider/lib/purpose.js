// The purpose of a lookup: a client ID document is fetched for an authorization request, and for nothing else.

/**
 * Returns the option `purpose` for a provider: `authorize` at its authorization endpoint, and undefined at every other one.
 *
 * @param {import('./index.js').ProviderClass} Provider the class `Provider` of the same oidc-provider
 * @returns {() => 'authorize' | undefined}
 */
export function purposeOf(Provider) {
  if (typeof Provider !== 'function') throw new TypeError('Provider must be the class of oidc-provider')
  return () => (Provider.ctx?.oidc?.route === 'authorization' ? 'authorize' : undefined)
}
