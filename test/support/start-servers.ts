import { ClickHouse } from './services/clickhouse-process.ts'
import { Postgres } from './services/postgres.ts'
import { freePort, RedisServer } from './services/redis.ts'
import { SERVERS, type Servers } from './stack.ts'

/** Starts the servers of the production stack, once before all of its flow tests, and returns what ends them. */
export async function setup(): Promise<() => Promise<void>> {
  const [postgres, clickhouse] = await Promise.all([Postgres.start(), ClickHouse.start()])
  const redis = new RedisServer(await freePort(), [])
  await redis.run()
  const servers: Servers = { postgres: postgres.adminUrl, redis: redis.url, clickhouse: clickhouse.serverUrl }
  process.env[SERVERS] = JSON.stringify(servers)
  return async () => {
    await Promise.all([postgres.stop(), clickhouse.end(), redis.remove()])
  }
}
