// The binary with a configuration file, its store in a folder of its own, and its commands.

import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Process } from './processes.mjs'

const binary = process.env.FRONTDESK_BINARY

// Nothing of the caller's settings.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FRONTDESK_')))

export class Frontdesk {
  /** `providers` is the text of the tables [[provider]]. */
  constructor(folder, { port, management, lookup, documents }, providers) {
    this.folder = folder
    this.port = port
    this.config = join(folder, 'frontdesk.toml')
    this.management = `http://127.0.0.1:${management}`
    mkdirSync(join(folder, 'data'), { recursive: true })
    this.head = `listen = "127.0.0.1:${port}"
management_listen = "127.0.0.1:${management}"
${lookup ? `lookup_listen = "127.0.0.1:${lookup}"` : ''}
data = "${join(folder, 'data')}"
proxies = ["127.0.0.1"]

[tls]
mode = "off"

[log]
level = "info"

[limits]
registrations_per_minute = 0
updates_per_minute = 0
${documents ? documents.outbound() : ''}`
    this.configure(providers)
  }

  configure(providers) {
    writeFileSync(this.config, `${this.head}\n${providers}`)
  }

  async start() {
    this.process = new Process(this.folder, 'frontdesk', [binary, 'serve', '--config', this.config], { env: environment })
    await this.process.answers(`${this.management}/health`)
  }

  async restart() {
    await this.process.stop()
    await this.start()
  }

  /** Runs a command; returns its exit code and output. */
  command(...words) {
    return new Promise(resolve => {
      execFile(binary, [...words, '--config', this.config], { env: environment, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code ?? 1 : 0, stdout, stderr }))
    })
  }

  async clients() {
    const { stdout } = await this.command('client', 'list', '--json')
    return stdout.trim().split('\n').filter(Boolean).map(line => JSON.parse(line))
  }
}
