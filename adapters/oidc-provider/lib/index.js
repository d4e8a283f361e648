// Clients of oidc-provider from Frontdesk's lookup.

export { withFrontdesk } from './adapter.js'
export { ClientDisabledError, ClientRefusedError, LookupError } from './errors.js'
export { fit } from './fit.js'
export { purposeOf } from './purpose.js'
export { reportUses } from './uses.js'
