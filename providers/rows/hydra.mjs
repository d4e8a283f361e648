// The rows of Hydra.

import { changes } from './changes.mjs'
import { document } from './document.mjs'
import { documentClients } from './document-client.mjs'
import { drift, guard } from './drift.mjs'
import { down } from './faults.mjs'
import { logIn } from './log-in.mjs'
import { same } from '../lib/report.mjs'

const name = 'Hydra'
const scope = 'openid offline_access email'

export async function hydraRows(report, server) {
  const foreign = await server.foreign()
  await logIn(report, name, { issuer: server.issuer(), accept: server.accept, scope, userScope: scope, audience: `${server.issuer()}/oauth2/token` })
  await document(report, name, server, `${server.publicOrigin}/.well-known/openid-configuration`, ['authorization_endpoint', 'client_id_metadata_document_supported', 'scopes_supported', 'token_endpoint_auth_signing_alg_values_supported'])
  await changes(report, name, server, { scope })
  await documentClients(report, name, server, { issuer: server.issuer(), scope, find: id => server.copy(id) })
  await drift(report, name, server, {
    scope,
    edit: { redirect_uris: ['https://evil.example.com/'] },
    plant: async () => (await plant(server, 'orphan'), 'orphan'),
  })
  await guard(report, name, server, clientId => plant(server, clientId))
  await down(report, name, server)
  await report.row(`11 ${name}: an administrator's clients are as they were`, async () => same(await server.foreign(), foreign, 'what is no copy'))
}

async function plant(server, clientId) {
  await server.ask('POST', '/clients', { client_id: clientId, owner: 'frontdesk', metadata: { frontdesk: { issuer: server.issuer(), revision: '1' } } })
}
