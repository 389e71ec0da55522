import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll } from 'vitest'
import { until } from '../until.ts'

/**
 * A Postgres of this test file's own: a new cluster in a temporary folder, on a free port of 127.0.0.1.
 *
 * Call it at the top of a file; the cluster ends with the file. With GATEZ_TEST_POSTGRES_URL (of a user who
 * may create databases and roles) that server is used instead, and cannot be killed.
 */
export async function startPostgres(): Promise<Postgres> {
  const url = process.env.GATEZ_TEST_POSTGRES_URL
  const postgres = url === undefined ? await Postgres.start() : new Postgres(url, undefined)
  // Hundreds of databases are many files to remove.
  afterAll(() => postgres.stop(), 60_000)
  return postgres
}

/** A running server; every test makes a database of its own in it. */
export class Postgres {
  /** Of a user who may do everything, in the database `postgres`. */
  readonly adminUrl: string
  readonly #cluster: Cluster | undefined
  #databases = 0

  constructor(adminUrl: string, cluster: Cluster | undefined) {
    this.adminUrl = adminUrl
    this.#cluster = cluster
  }

  static async start(): Promise<Postgres> {
    const folder = mkdtempSync(join(tmpdir(), 'gatez-postgres-'))
    const user = serverUser()
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
    const data = join(folder, 'data')
    // A language's order, so that a test notices when ours is not asked for.
    const language = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US']
    const init = ['-D', data, '-U', 'gatez', '-A', 'trust', '-E', 'UTF8', '--no-sync', ...language]
    const binaries = serverBinaries()
    execFileSync(join(binaries, 'initdb'), init, { ...user, cwd: folder, stdio: 'ignore' })
    const port = await freePort()
    const cluster = new Cluster({ folder, data, port, user, binaries })
    await cluster.run()
    return new Postgres(`postgres://gatez@127.0.0.1:${port}/postgres`, cluster)
  }

  /** A new, empty database; `options` go into its URL. */
  async database(): Promise<string> {
    this.#databases += 1
    const name = `gatez_${process.pid}_${this.#databases}_${Math.floor(Math.random() * 1e9)}`
    await this.run(`create database ${name}`)
    const url = new URL(this.adminUrl)
    url.pathname = `/${name}`
    return url.href
  }

  /** Runs statements as the owner of the server. */
  run(statements: string, url = this.adminUrl): Promise<readonly Record<string, unknown>[]> {
    return query(url, statements)
  }

  /** SIGKILL to the server, as if its machine went away, and a new start on the same data. */
  async killAndRestart(): Promise<void> {
    await this.kill()
    await this.restart()
  }

  async kill(): Promise<void> {
    await this.#own().kill()
  }

  async restart(): Promise<void> {
    await this.#own().run()
  }

  async stop(): Promise<void> {
    await this.#cluster?.remove()
  }

  #own(): Cluster {
    if (this.#cluster === undefined) throw new Error('only a server that the tests started can be killed')
    return this.#cluster
  }
}

/** Runs statements in a database and returns the rows of the last. */
export async function query(url: string, statements: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const results = await client.query(statements)
    const last = Array.isArray(results) ? results.at(-1) : results
    return last?.rows ?? []
  } finally {
    await client.end()
  }
}

class Cluster {
  readonly #parts: ClusterParts
  #server: ChildProcess | undefined

  constructor(parts: ClusterParts) {
    this.#parts = parts
  }

  /** Starts the server and waits until it answers. */
  async run(): Promise<void> {
    // What a killed server leaves behind lives on for a moment, and nothing may start beside it.
    await until('Postgres runs', async () => ((await this.#tryToRun()) ? true : undefined), 30_000)
  }

  async #tryToRun(): Promise<boolean> {
    const { folder, data, port, user, binaries } = this.#parts
    const options = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1']
    // What is killed is the server, never the machine: nothing is lost without fsync.
    const tuning = ['max_connections=200', 'shared_buffers=64MB', 'fsync=off', 'log_min_messages=fatal']
    const settings = tuning.flatMap((setting) => ['-c', setting])
    const server = spawn(join(binaries, 'postgres'), [...options, ...settings], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    })
    this.#server = server
    const url = `postgres://gatez@127.0.0.1:${port}/postgres`
    const ended = () => server.exitCode !== null || server.signalCode !== null
    await until(
      'Postgres answers',
      async () =>
        ended() ||
        (await query(url, 'select 1').then(
          () => true,
          () => undefined,
        )),
      30_000,
    )
    return !ended()
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async remove(): Promise<void> {
    // Nothing is kept: no reason to shut down in good order.
    await this.#end('SIGQUIT')
    rmSync(this.#parts.folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const closed = once(server, 'close')
    server.kill(signal)
    await closed
  }
}

interface ClusterParts {
  readonly folder: string
  readonly data: string
  readonly port: number
  readonly user: ServerUser
  readonly binaries: string
}

interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/** Postgres refuses to run as root; its package brings a user for it. */
function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Debian keeps them by version, out of the path. */
export function serverBinaries(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isInteger) : []
  const newest = versions.sort((one, other) => other - one)[0]
  if (newest === undefined) {
    throw new Error('Postgres is missing: apt-get install postgresql, or set GATEZ_TEST_POSTGRES_URL')
  }
  return join(root, String(newest), 'bin')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('a listener has an address')
  return address.port
}
