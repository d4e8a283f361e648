// Logs in as a person does, with the forms of oidc-provider, and checks the page at the end.
//
// usage: log-in.mjs ADDRESS

import assert from 'node:assert/strict'

const jar = new Map()
let url = new URL(process.argv[2])
let request = { method: 'GET' }
for (let hop = 0; hop < 16; hop++) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, { ...request, headers: { ...request.headers, cookie }, redirect: 'manual' })
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  request = { method: 'GET' }
  const location = response.headers.get('location')
  if (location) {
    url = new URL(location, url)
    continue
  }
  const page = await response.text()
  assert.equal(response.status, 200, page)
  if (page.includes('<h1>Logged in</h1>')) {
    assert.match(page, /"email": "alice@example.com"/)
    console.log('logged in')
    process.exit()
  }
  const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
  assert.ok(action, page)
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)[1]
  const form = prompt === 'login' ? { prompt, login: 'alice', password: 'any' } : { prompt }
  url = new URL(action, url)
  request = { method: 'POST', body: new URLSearchParams(form) }
}
assert.fail('the login did not end')
