// The processes of a run: each in a group of its own, with its output in a file, ended with the run.

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { must, until } from './report.mjs'

const started = new Set()

export class Process {
  constructor(folder, name, command, options = {}) {
    this.name = name
    this.log = join(folder, `${name}.log`)
    const output = openSync(this.log, 'a')
    const [program, ...words] = command
    this.child = spawn(program, words, { detached: true, stdio: ['ignore', output, output], ...options })
    this.ended = new Promise(resolve => this.child.once('exit', resolve))
    this.ended.then(() => started.delete(this))
    started.add(this)
  }

  /** Sends a signal to the process and its children. */
  signal(name) {
    try {
      process.kill(-this.child.pid, name)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }

  async stop(name = 'SIGTERM') {
    this.signal('SIGCONT')
    this.signal(name)
    await this.ended
  }

  /** Waits for an answer of status 200 to 499 at an address. */
  async answers(url, seconds = 60) {
    await until(
      async () => {
        must(this.child.exitCode === null, `${this.name} ended`)
        return (await fetch(url, { redirect: 'manual' })).status < 500
      },
      `an answer of ${this.name}`,
      seconds,
    ).catch(async error => {
      console.error((await readFile(this.log, 'utf8')).split('\n').slice(-20).join('\n'))
      throw error
    })
  }
}

export async function stopAll() {
  await Promise.all([...started].map(one => one.stop('SIGKILL')))
}

/** Returns ports of loopback that nothing listens on. */
export async function freePorts(number) {
  const servers = await Promise.all(
    Array.from({ length: number }, () => new Promise(resolve => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
    })))
  const ports = servers.map(server => server.address().port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
