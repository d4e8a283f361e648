// Row 18: a client whose identifier is the URL of its document logs a person in without a registration.

import { Person } from '../lib/person.mjs'
import { RelyingParty } from '../lib/relying-party.mjs'
import { must, same, until } from '../lib/report.mjs'

const before = 'http://127.0.0.1:3000/callback'
const after = 'http://127.0.0.1:3000/moved'
const ended = ['invalid_client', 'invalid_grant', 'unauthorized_client']

/** The members of a document. */
export const documentMembers = redirectUri => ({
  client_name: 'Wiki',
  redirect_uris: [redirectUri],
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  token_endpoint_auth_methods_supported: ['none'],
})

/**
 * `server` has `documents`, `frontdesk` and `accept`. `find(id)` is the server's copy, where the server has copies: it stands behind the
 * authorization hop then, and asks the lookup otherwise.
 */
export async function documentClients(report, name, server, { issuer, scope, find, isDisabled, disabledStatus }) {
  const { documents, frontdesk, accept } = server
  const asked = redirectUri => ({ redirectUri, scope })
  const command = async (...words) => {
    const done = await frontdesk.command('document', ...words, '--provider', issuer)
    same(done.code, 0, `the exit code of frontdesk document ${words[0]} (${done.stderr.trim()})`)
    return done.stdout
  }
  const path = `/oauth/${crypto.randomUUID()}.json`
  let client, tokens

  await report.row(`18 ${name}: a client with a document logs in`, async () => {
    const id = documents.publish(path, documentMembers(before))
    client = await RelyingParty.identified(issuer, id, { redirect_uris: [before], token_endpoint_auth_method: 'none' }, accept)
    const offered = client.config.serverMetadata()
    same(offered.client_id_metadata_document_supported, true, 'client_id_metadata_document_supported')
    if (find) same(offered.authorization_endpoint, `${issuer}/authorize`, 'the authorization endpoint')
    same(documents.count(path), 0, 'the number of requests for the document before the log-in')
    const seen = await client.logIn(asked(before))
    tokens = await client.refresh(seen.tokens)
    same(documents.count(path), 1, 'the number of requests for the document after a log-in and a refresh')
    if (find) {
      const copy = await find(id)
      must(copy, 'the authorization server has no copy')
      const { stdout } = await frontdesk.command('provision', 'status', '--provider', issuer, '--all', '--json')
      must(stdout.includes(id), `frontdesk provision status says ${stdout}`)
      must(!`${JSON.stringify(copy)}${stdout}`.includes('token_endpoint_auth_methods_supported'), 'the copy has or dropped the choices of the document')
    }
    return seen.pages.join(', ')
  })

  await report.row(`18 ${name}: a changed document counts at the next log-in`, async () => {
    documents.publish(path, documentMembers(after))
    await until(() => client.isRefused(asked(before)), 'the end of the old redirect URI', 15)
    await client.logIn(asked(after))
    must(await client.isRefused(asked(before)), 'the old redirect URI works after the change')
    tokens = await client.refresh(tokens)
    const shown = JSON.parse(await command('show', client.id, '--json'))
    same(shown.changed, ['redirect_uris'], 'what frontdesk document show says has changed')
  })

  await report.row(`18 ${name}: a refused document reaches no log-in`, async () => {
    const secret = documents.publish('/oauth/secret.json', { ...documentMembers(before), token_endpoint_auth_method: 'client_secret_basic', token_endpoint_auth_methods_supported: undefined })
    const refused = await RelyingParty.identified(issuer, secret, { redirect_uris: [before], token_endpoint_auth_method: 'none' }, accept)
    const absent = await RelyingParty.identified(issuer, secret.replace('secret', 'absent'), { redirect_uris: [before], token_endpoint_auth_method: 'none' }, accept)
    const pages = []
    for (const party of [refused, absent]) {
      const came = await party.authorize({ ...asked(before), person: new Person(accept) })
      same([came.error, came.pages], [400, []], 'the page')
      if (find) must(!(await find(party.id)), 'the authorization server has a copy')
      pages.push(came.page)
    }
    must(pages[0].includes('token_endpoint_auth_method'), 'the page does not name the member')
  })

  await report.row(`18 ${name}: frontdesk document disable ends a client`, async () => {
    const requests = documents.count(path)
    await command('disable', client.id)
    const came = await client.authorize({ ...asked(after), person: new Person(accept) })
    same([came.error, came.pages], [disabledStatus ?? 403, []], 'the page')
    if (find) {
      must(came.page.includes('This application is not allowed here.'), `the page is ${came.page}`)
      await until(async () => {
        const copy = await find(client.id)
        return !copy || isDisabled?.(copy)
      }, 'the end of the copy')
    }
    const error = await client.refusal(() => client.refresh(tokens))
    must(ended.includes(error), `the refresh token of a disabled client gave ${error}`)
    same(documents.count(path), requests, 'the number of requests for the document')
    await command('enable', client.id)
    await client.logIn({ ...asked(after), person: new Person(accept) })
    return error
  })
}
