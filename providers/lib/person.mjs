// A person with a browser: keeps cookies, follows redirects, fills in forms.

import { must } from './report.mjs'

/** The fields of a page's form, by the words of the page. */
function fields(page) {
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1]
  if (prompt === 'login') return { prompt, login: 'alice', password: 'wonderland' }
  if (prompt) return { prompt }
  if (page.includes('name="password"')) return { username: 'alice', password: 'wonderland' }
  return { accept: 'Yes' }
}

const unescaped = text => text.replaceAll('&amp;', '&').replaceAll('&#x3a;', ':').replaceAll('&#x2f;', '/').replaceAll('&#x3d;', '=')

export class Person {
  /** `accept` answers for the pages of a server that has none of its own: from an address to the next, or nothing. */
  constructor(accept = async () => undefined) {
    this.accept = accept
    this.jar = new Map()
  }

  async ask(url, options = {}) {
    const cookies = [...(this.jar.get(url.host) ?? new Map())].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...options, headers: { ...options.headers, ...(cookies && { cookie: cookies }) }, redirect: 'manual' })
    const kept = this.jar.get(url.host) ?? new Map()
    this.jar.set(url.host, kept)
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (value === '' || /max-age=0/i.test(line)) kept.delete(name)
      else kept.set(name, value)
    }
    return response
  }

  /**
   * Goes from an authorization request to what the client is sent. Returns the address that the client is called at, the pages on the
   * way, the time of the first page, and an error if a page has nothing to fill in.
   */
  async authorize(address, redirectUri) {
    const pages = []
    let [url, options, firstPageAt] = [new URL(address), {}, undefined]
    for (let hop = 0; hop < 20; hop++) {
      const accepted = await this.accept(url)
      if (accepted) {
        url = new URL(accepted)
        continue
      }
      const response = await this.ask(url, options)
      firstPageAt ??= Date.now()
      const location = response.headers.get('location')
      if (location) {
        url = new URL(location, url)
        options = {}
        await response.arrayBuffer()
        if (url.href.startsWith(redirectUri)) return { url, pages, firstPageAt }
        continue
      }
      const page = await response.text()
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
      if (response.status !== 200 || !action) return { error: response.status, page, pages, firstPageAt }
      pages.push('password' in fields(page) ? 'log-in' : 'consent')
      url = new URL(unescaped(action), url)
      options = { method: 'POST', body: new URLSearchParams(fields(page)) }
    }
    must(false, 'the log-in did not end')
  }
}
