import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll } from 'vitest'
import { until } from '../until.ts'

/**
 * A Redis of this test file's own, on a free port of 127.0.0.1; it ends with the file.
 *
 * `settings` are lines of its configuration, as `requirepass secret`.
 */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const server = new RedisServer(await freePort(), settings)
  await server.run()
  afterAll(() => server.remove())
  return server
}

/** A server that a test may kill, stop for a while, and start again. */
export class RedisServer {
  readonly port: number
  readonly folder = mkdtempSync(join(tmpdir(), 'gatez-redis-'))
  readonly #settings: readonly string[]
  #child: ChildProcess | undefined
  #client: Redis | undefined

  constructor(port: number, settings: readonly string[]) {
    this.port = port
    this.#settings = settings
  }

  /** As `stores.counters` names it; tests wait longer than a call may. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}?timeout=5000ms`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts it and waits until it answers. */
  async run(): Promise<void> {
    const settings = [...DEFAULTS, `port ${this.port}`, `dir ${this.folder}`, ...this.#settings]
    const args = settings.flatMap((line) => {
      const [name = '', ...values] = line.split(' ')
      return [`--${name}`, ...values]
    })
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text
    })
    const missing = new Promise<never>((_, reject) => {
      child.on('error', () => reject(new Error('Redis is missing: apt-get install redis-server')))
    })
    const ready = until('Redis listens', () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${printed}`)
      return printed.includes('Ready to accept connections') || undefined
    })
    await Promise.race([ready, missing])
  }

  /** Runs a command, as redis-cli would. */
  async command(...command: readonly [string, ...(string | number)[]]): Promise<any> {
    const [name, ...args] = command
    this.#client ??= this.connect()
    return this.#client.call(name, args)
  }

  /** A client of its own, closed by `remove`. */
  connect(): Redis {
    const password = this.#settings.find((line) => line.startsWith('requirepass '))?.split(' ')[1]
    const client = new Redis({
      port: this.port,
      ...(password !== undefined && { password }),
      retryStrategy: () => 50,
    })
    client.on('error', () => {})
    return client
  }

  /** All keys there are, in order. */
  async keys(): Promise<string[]> {
    return (await this.command('KEYS', '*')).sort()
  }

  /** SIGKILL: nothing is saved. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }

  /** It hangs: connections stay, nothing is answered. */
  hang(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async remove(): Promise<void> {
    this.#client?.disconnect()
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const DEFAULTS = ['bind 127.0.0.1', 'save ', 'appendonly no', 'daemonize no', 'databases 16']

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('a listener has an address')
  return address.port
}
