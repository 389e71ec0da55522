import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { storesIn } from './control-store.ts'
import { ClickHouse } from './services/clickhouse-process.ts'
import { Postgres } from './services/postgres.ts'
import { freePort, RedisServer } from './services/redis.ts'
import { SERVERS, type Servers, TEMPLATE } from './stack.ts'

/** Starts the servers of the production stack, once before all of its flow tests, and returns what ends them. */
export async function setup(): Promise<() => Promise<void>> {
  const [postgres, clickhouse] = await Promise.all([Postgres.start(), ClickHouse.start()])
  await makeTemplate(postgres)
  const redis = new RedisServer(await freePort(), [])
  await redis.run()
  const servers: Servers = { postgres: postgres.adminUrl, redis: redis.url, clickhouse: clickhouse.serverUrl }
  process.env[SERVERS] = JSON.stringify(servers)
  return async () => {
    await Promise.all([postgres.stop(), clickhouse.end(), redis.remove()])
  }
}

/** A database as docs/postgres.md has it made; each test gets a copy, and works there as the role that serves. */
async function makeTemplate(postgres: Postgres): Promise<void> {
  const roles = readFileSync(join(import.meta.dirname, '../../templates/servers/postgres-roles.sql'), 'utf8')
  await postgres.run(`create database ${TEMPLATE}`)
  const url = new URL(postgres.adminUrl)
  url.pathname = `/${TEMPLATE}`
  await postgres.run(roles, url.href)
  const owner = new URL(url)
  owner.username = 'gatez_owner'
  const control = { driver: 'postgres', url: owner.href } as const
  const store = await openControlStore({ stores: { ...storesIn('/nowhere').stores, control } }, systemClock)
  await store[Symbol.asyncDispose]()
  await postgres.run(roles, url.href)
}
