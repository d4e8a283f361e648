// Reports of uses: a client that was given a token has proven that it is in use.

import { FrontdeskClientAdapter } from './adapter.js'
import { USES_PER_REPORT } from './lookup.js'

/** The interval between two reports. */
const REPORT_INTERVAL_MS = 60_000

/** The maximum number of identifiers that wait while the lookup does not answer; further uses are dropped. */
const MAX_WAITING = 100_000

/**
 * Reports the clients that a provider gave tokens to, once a minute. Without it, Frontdesk takes clients that are in use for unused.
 *
 * @param {import('./index.js').ReportingProvider} provider
 * @returns {import('./index.js').UseReports}
 */
export function reportUses(provider) {
  const { adapter } = provider.Client
  if (!(adapter instanceof FrontdeskClientAdapter)) throw new TypeError('the adapter of the provider is not from withFrontdesk')
  /** @type {Set<string>} */
  let waiting = new Set()

  /** @param {{ oidc?: { client?: { clientId: string } } }} ctx */
  const onSuccess = (ctx) => {
    const id = ctx.oidc?.client?.clientId
    if (id !== undefined && waiting.size < MAX_WAITING) waiting.add(id)
  }
  const flush = async () => {
    const ids = [...waiting]
    waiting = new Set()
    for (let start = 0; start < ids.length; start += USES_PER_REPORT) {
      try {
        await adapter.lookup.reportUses(ids.slice(start, start + USES_PER_REPORT))
      } catch (error) {
        for (const id of ids.slice(start)) waiting.add(id)
        throw error
      }
    }
  }
  // The identifiers of a report that failed go with the next one.
  const timer = setInterval(() => flush().catch(() => {}), REPORT_INTERVAL_MS)
  timer.unref()
  provider.on('grant.success', onSuccess)
  return {
    flush,
    async stop() {
      clearInterval(timer)
      provider.off('grant.success', onSuccess)
      await flush()
    },
  }
}
