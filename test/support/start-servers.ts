import { Postgres } from './services/postgres.ts'
import { SERVER } from './stack.ts'

/** Starts the servers of the production stack, once before all of its flow tests, and returns what ends them. */
export async function setup(): Promise<() => Promise<void>> {
  const postgres = await Postgres.start()
  process.env[SERVER] = postgres.adminUrl
  return () => postgres.stop()
}
