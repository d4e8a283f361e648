// Runs the rows of the acceptance table that need real authorization servers.
//
// usage: run.mjs [--keycloak FOLDER] [--hydra FILE] [--python FILE] [--only PATTERN] [--servers NAME,…] [--keep]; a server that is not given is left out.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stopAll } from './lib/processes.mjs'
import { Report } from './lib/report.mjs'
import { keycloakRows } from './rows/keycloak.mjs'
import { hydraRows } from './rows/hydra.mjs'
import { oidcProviderRows } from './rows/oidc-provider.mjs'
import { Hydra } from './servers/hydra.mjs'
import { OidcProvider } from './servers/oidc-provider.mjs'
import { Keycloak } from './servers/keycloak.mjs'

const { values } = parseArgs({ options: { keycloak: { type: 'string' }, hydra: { type: 'string' }, python: { type: 'string' }, only: { type: 'string' }, servers: { type: 'string' }, keep: { type: 'boolean' } } })
const report = new Report(values.only && new RegExp(values.only))
const scratch = mkdtempSync(join(tmpdir(), 'frontdesk-providers.'))

/** Runs the rows of a server; a server that does not start is a failure, and stops no other. */
async function stage(name, server, rows) {
  try {
    const begin = Date.now()
    await server.start()
    report.line('ok', name, `started in ${((Date.now() - begin) / 1000).toFixed(1)} s`)
  } catch (error) {
    report.line('FAILED', name, `it did not start: ${error.message}`)
    return
  }
  await rows(report, server)
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopAll().then(() => process.exit(130)))
const wants = name => !values.servers || values.servers.split(',').includes(name)
if (wants('oidc-provider')) await stage('oidc-provider', new OidcProvider(scratch), (...both) => oidcProviderRows(...both, values.python))
if (!wants('hydra')) {
} else if (values.hydra) await stage('Hydra', new Hydra(scratch, values.hydra), hydraRows)
else report.leftOut('Hydra', 'there is no binary and no source; HYDRA_SOURCE names a checkout')
if (!wants('keycloak')) {
} else if (values.keycloak) await stage('Keycloak', new Keycloak(scratch, values.keycloak), keycloakRows)
else report.leftOut('Keycloak', 'there is none')

await stopAll()
if (values.keep) console.log(`kept ${scratch}`)
else rmSync(scratch, { recursive: true, force: true })
process.exit(report.end() ? 0 : 1)
