import { afterAll } from 'vitest'
import { ClickHouse } from './clickhouse-process.ts'

/**
 * A ClickHouse of this test file's own: the engine of `chdb` in a process beside, on a free port of 127.0.0.1.
 *
 * Call it at the top of a file; the server ends with the file. With GATEZ_TEST_CLICKHOUSE_URL (of a user who
 * may create databases) that server is used instead, and cannot be stopped.
 */
export async function startClickHouse(): Promise<ClickHouse> {
  const clickhouse = await ClickHouse.start()
  afterAll(() => clickhouse.end())
  return clickhouse
}
