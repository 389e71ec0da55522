import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'vitest'
import { serverBinaries } from './services/postgres.ts'

/** The stores that flow tests run on: files of one node, or the servers that many nodes share. */
export type Stack = 'embedded' | 'production'

/** The stack of this run: GATEZ_STACK=production in its environment, or else files. */
export function stackOfRun(): Stack {
  return process.env.GATEZ_STACK === 'production' ? 'production' : 'embedded'
}

/** A test of stores that are files: registered where there are some, and nowhere else. */
export const testOfFiles: (name: string, run: () => Promise<void> | void) => void =
  stackOfRun() === 'embedded' ? (name, run) => void test(name, run) : () => {}

/** Where the servers of the production stack are; set once before all tests, by start-servers.ts. */
export interface Servers {
  /** Of a user who may create databases. */
  readonly postgres: string
  readonly redis: string
  /** With user, password and no database. */
  readonly clickhouse: string
}

/** How the tests learn of them. */
export const SERVERS = 'GATEZ_TEST_SERVERS'

/** The database that all others are copies of. */
export const TEMPLATE = 'gatez_template'

/** `stores` of a configuration, all of them new and empty, on the servers of this run. */
export function newStores(): StoresOnServers {
  const written = process.env[SERVERS]
  if (written === undefined) throw new Error('only the production stack has servers')
  const { postgres, redis, clickhouse }: Servers = JSON.parse(written)
  const name = `gatez_${randomBytes(8).toString('hex')}`
  execFileSync(join(serverBinaries(), 'createdb'), ['--maintenance-db', postgres, '-T', TEMPLATE, name])
  createInClickHouse(clickhouse, name)
  const counters = new URL(redis)
  counters.searchParams.set('prefix', `${name}:`)
  const control = new URL(withPath(postgres, name))
  control.username = 'gatez_app'
  return {
    control: control.href,
    counters: counters.href,
    usage: `clickhouse+${withPath(clickhouse, name)}`,
  }
}

export interface StoresOnServers {
  readonly control: string
  readonly counters: string
  readonly usage: string
}

function withPath(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

/** The configuration of a test is written without waiting for anything. */
function createInClickHouse(server: string, name: string): void {
  const { origin, username, password } = new URL(server)
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const args = ['-sSf', '--user', user, '--data-binary', `CREATE DATABASE ${name}`, origin]
  execFileSync('curl', args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
