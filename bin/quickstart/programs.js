import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ROOT } from '../pinned-node.js'

/** How long a program may take to end when asked to; then it is made to. */
const STOP_MS_MAX = 10_000

/** The programs of the demonstration, all in one folder. What was started is stopped by `stop`. */
export class Programs {
  script = `${ROOT}bin/gatez.js`
  #folder
  #running = new Map()

  constructor(folder) {
    this.#folder = folder
  }

  /** Runs one gatez command, says so, and returns what it printed. Its error ends the demonstration. */
  async gatez(...args) {
    console.log(`  gatez ${args.map((arg) => (/\s/.test(arg) ? `'${arg}'` : arg)).join(' ')}`)
    return this.ask(...args)
  }

  /** The same without saying so. */
  async ask(...args) {
    const options = { cwd: this.#folder, maxBuffer: 2 ** 24, timeout: 30_000 }
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [this.script, ...args], options)
      return stdout.trimEnd()
    } catch (error) {
      throw new Error(`gatez ${args.join(' ')} failed:\n${error.stderr || error.stdout || error.message}`)
    }
  }

  /** Starts a program of Node that stays, and says so. What it prints is kept, and shown if it fails. */
  start(name, args, env = {}) {
    console.log(`  ${name} &`)
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const program = { child, output: '' }
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        program.output = (program.output + chunk).slice(-10_000)
      })
    }
    this.#running.set(name, program)
  }

  /** Resolves once `url` answers anything at all; within 20 s, and only while the program runs. */
  async answering(name, url) {
    const { child } = this.#running.get(name)
    const deadline = AbortSignal.timeout(20_000)
    while (!deadline.aborted && child.exitCode === null) {
      const answer = await fetch(url).catch(() => undefined)
      if (answer !== undefined) return
      await pause(50)
    }
    throw new Error(`${name} does not answer at ${url}. It printed:\n${this.#running.get(name).output}`)
  }

  /** Stops the programs, the last one first, and waits for each. */
  async stop() {
    for (const { child } of [...this.#running.values()].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await once(child, 'exit')
      clearTimeout(patience)
    }
    this.#running.clear()
  }
}

/** `wanted` if nothing listens there, else a port the system picks. */
export async function freePort(wanted) {
  for (const port of [wanted, 0]) {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    const listening = await once(server, 'listening').catch(() => undefined)
    if (listening === undefined) continue
    const { port: found } = server.address()
    server.close()
    await once(server, 'close')
    return found
  }
  throw new Error('No port is free on 127.0.0.1.')
}
