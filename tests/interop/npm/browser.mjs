// A browser that needs no person: it follows redirects, keeps cookies, signs in and answers the question for consent, as
// the pages of the authorization server ask for it. No packages.
//   browser.mjs URL...: prints where the browser is sent in the end, and goes there.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' }
const unescape = (text) => text.replace(/&(amp|lt|gt|quot|#39|#96);/g, (_, name) => entities[name])

function attributes(tag) {
  const found = {}
  for (const [, name, value] of tag.matchAll(/([\w-]+)="([^"]*)"/g)) found[name] = unescape(value)
  return found
}

// The forms of a page: where they go, and the controls that a browser would send.
function forms(html) {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head, body]) => ({
    action: attributes(head).action,
    inputs: [...body.matchAll(/<input\b([^>]*)>/g)].map(([, tag]) => attributes(tag)),
    buttons: [...body.matchAll(/<button\b([^>]*)>/g)].map(([, tag]) => attributes(tag)),
  }))
}

export class Browser {
  cookies = new Map()
  pages = []  // the path of every page that was shown

  constructor({ email, password, action = 'allow', without = [] }) {
    Object.assign(this, { email, password, action, without })
  }

  // As another person's browser.
  forget() {
    this.cookies.clear()
  }

  async #send(url, options = {}) {
    const headers = { ...options.headers, Cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }
    const answer = await fetch(url, { redirect: 'manual', ...options, headers })
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/)
      if (/;\s*max-age=0\b/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  #answers(form) {
    const fields = new URLSearchParams()
    for (const { name, type, value } of form.inputs) {
      if (name === 'email') fields.append(name, this.email)
      else if (name === 'password') fields.append(name, this.password)
      else if (type !== 'checkbox' || !this.without.includes(value)) fields.append(name, value)
    }
    const choice = form.buttons.find(({ name }) => name === 'action')
    if (choice) fields.append('action', this.action)
    return fields
  }

  // Goes there and does what is asked until it is sent to another server; the URL of that.
  async visit(start) {
    const origin = new URL(start).origin
    let answer = await this.#send(start)
    let at = new URL(start)
    for (let step = 0; step < 12; step += 1) {
      if (answer.status >= 300 && answer.status < 400) {
        at = new URL(answer.headers.get('location'), at)
        if (at.origin !== origin) return at
        answer = await this.#send(at)
        continue
      }
      const page = await answer.text()
      assert.equal(answer.status, 200, `${at.pathname} answered ${answer.status}: ${page}`)
      this.pages.push(at.pathname)
      const [form] = forms(page)
      assert(form, `no form at ${at.pathname}`)
      at = new URL(form.action, at)
      answer = await this.#send(at, {
        method: 'POST', body: this.#answers(form), headers: { Origin: origin, Referer: at.href },
      })
    }
    throw new Error(`still at ${at} after twelve steps`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const browser = new Browser({ email: process.env.USER_EMAIL, password: process.env.USER_PASSWORD })
  for (const url of process.argv.slice(2)) {
    const end = await browser.visit(url)
    console.log(end.href)
    await fetch(end)
  }
}
