import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'

/** A running server; every test makes a database of its own in it. */
export class ClickHouse {
  readonly #server: Server | undefined
  readonly #url: URL
  #databases = 0

  private constructor(url: URL, server: Server | undefined) {
    this.#url = url
    this.#server = server
  }

  /** What is in `folder` is there again, and stays when the server ends; without one, nothing stays. */
  static async start(folder?: string): Promise<ClickHouse> {
    const url = process.env.GATEZ_TEST_CLICKHOUSE_URL
    if (url !== undefined) return new ClickHouse(new URL(url), undefined)
    const server = new Server(folder)
    await server.run()
    return new ClickHouse(
      new URL(`http://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`),
      server,
    )
  }

  get port(): number {
    return Number(this.#url.port)
  }

  /** With user and password. */
  get serverUrl(): string {
    return this.#url.href
  }

  /** A new, empty database, as the file of an operator names it; through `port` if given. */
  async database(port = this.port): Promise<string> {
    this.#databases += 1
    const name = `gatez_${process.pid}_${this.#databases}_${Math.floor(Math.random() * 1e9)}`
    await this.run(`CREATE DATABASE ${name}`)
    return this.urlOf(name, port)
  }

  /** The address of a database. */
  urlOf(database: string, port = this.port): string {
    const url = new URL(this.#url)
    url.port = String(port)
    url.pathname = `/${database}`
    return `clickhouse+${url.href}`
  }

  /** Runs a statement that gives nothing back. */
  async run(query: string): Promise<void> {
    await using client = this.#client()
    await client.command({ query })
  }

  /** What a query gives, row by row, its 64-bit numbers as numbers. */
  async rows<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
    await using client = this.#client()
    const settings = { output_format_json_quote_64bit_integers: 0 } as const
    const result = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings })
    return (await result.json()) as Row[]
  }

  /** SIGKILL to the server, as if its machine went away. */
  async kill(): Promise<void> {
    await this.#own().kill('SIGKILL')
  }

  /** A new start on the same data and port. */
  async restart(): Promise<void> {
    await this.#own().run()
  }

  /** The server takes connections and answers nothing, until `resume`. */
  hang(): void {
    this.#own().signal('SIGSTOP')
  }

  resume(): void {
    this.#own().signal('SIGCONT')
  }

  async end(): Promise<void> {
    await this.#server?.end()
  }

  #own(): Server {
    if (this.#server === undefined) throw new Error('a server that was given cannot be stopped')
    return this.#server
  }

  #client(): ClickHouseClient & AsyncDisposable {
    const { origin, username, password } = this.#url
    const client = createClient({
      url: origin,
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      request_timeout: 120_000,
      log: { level: ClickHouseLogLevel.OFF },
    })
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
  }
}

const USER = 'gatez'
/** With what an address must escape. */
const PASSWORD = 'p@ss:word/%'

class Server {
  readonly #folder: string
  readonly #keeps: boolean
  #process: ChildProcess | undefined
  port = 0

  constructor(folder: string | undefined) {
    this.#folder = folder ?? mkdtempSync(join(tmpdir(), 'gatez-clickhouse-'))
    this.#keeps = folder !== undefined
  }

  async run(): Promise<void> {
    if (!existsSync(join(import.meta.dirname, 'node_modules', 'chdb'))) {
      throw new Error('chdb is not installed: npm test does it, or npm ci in test/support/services')
    }
    const script = join(import.meta.dirname, 'clickhouse-server.ts')
    const args = [script, join(this.#folder, 'data'), String(this.port), USER, PASSWORD]
    const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#process = server
    for await (const line of createInterface(server.stdout)) {
      this.port = Number(line)
      return
    }
    throw new Error('the ClickHouse of the tests did not start')
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const server = this.#process
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal)
  }

  async end(): Promise<void> {
    this.signal('SIGCONT')
    await this.kill('SIGKILL')
    if (!this.#keeps) rmSync(this.#folder, { recursive: true, force: true })
  }
}
