// The types fit those of oidc-provider; it is compiled and never run.

import Provider, { type Adapter } from 'oidc-provider'
import { ClientDisabledError, ClientRefusedError, fit, LookupError, purposeOf, reportUses, withFrontdesk, type FrontdeskOptions } from 'frontdesk-oidc-provider'

declare const Base: new (name: string) => Adapter

const options: FrontdeskOptions = { at: new URL('https://127.0.0.1:9445'), issuer: 'https://login.example.com', tokenFile: 'token', keep: 10 }
const provider = new Provider(options.issuer, { adapter: withFrontdesk(Base, options) })
withFrontdesk((name: string) => new Base(name), { ...options, purpose: purposeOf(Provider) })

const reports = reportUses(provider)
const done: Promise<void> = reports.stop()
const fitted: Record<string, unknown> = fit({ contacts: [] })
const status: 400 | 503 = Math.random() < 0.5 ? new ClientDisabledError().statusCode : Math.random() < 0.5 ? new ClientRefusedError('jwks').statusCode : new LookupError('').statusCode

// @ts-expect-error an option that does not exist
withFrontdesk(Base, { ...options, adress: '' })
// @ts-expect-error the issuer is required
withFrontdesk(Base, { at: '' })

export { done, fitted, status }
