// Clients of oidc-provider from Frontdesk's lookup.

export { withFrontdesk } from './adapter.js'
export { ClientDisabledError, LookupError } from './errors.js'
export { fit } from './fit.js'
export { reportUses } from './uses.js'
