import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { serverBinaries } from './services/postgres.ts'

/** The stores that flow tests run on: files of one node, or the servers that many nodes share. */
export type Stack = 'embedded' | 'production'

/** The stack of this run: vitest's project `flow` has the one, `flow-production` the other. */
export function stackOfRun(): Stack {
  return process.env[SERVER] === undefined ? 'embedded' : 'production'
}

/** How the tests of `flow-production` learn where the servers are. */
export const SERVER = 'GATEZ_TEST_FLOW_POSTGRES'

/** The URL of a new, empty database on the server of this run. */
export function newDatabase(): string {
  const server = process.env[SERVER]
  if (server === undefined) throw new Error('only the production stack has a server')
  const name = `gatez_${randomBytes(8).toString('hex')}`
  execFileSync(join(serverBinaries(), 'createdb'), ['--maintenance-db', server, name])
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
