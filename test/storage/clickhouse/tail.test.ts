import { expect, test } from 'vitest'
import { tailUsage } from '../../../src/metering/tail-usage.ts'
import { ClickHouseConnection } from '../../../src/storage/clickhouse/connection.ts'
import { ClickHouseUsageLog } from '../../../src/storage/clickhouse/usage-log.ts'
import { lineEnd, lineStart, WRITTEN_COLUMNS } from '../../../src/storage/clickhouse/usage-log-rows.ts'
import { startClickHouse } from '../../support/services/clickhouse.ts'
import { usagePlace } from '../../support/services/clickhouse-place.ts'
import { usageEvent } from '../../support/usage-events.ts'

const clickhouse = await startClickHouse()

test('who follows sees each event once, also one whose writing took longer than that of the next', async () => {
  const place = usagePlace(await clickhouse.database())
  await using log = new ClickHouseUsageLog(place)
  await log.append([usageEvent({ seq: 1 })])
  const abort = new AbortController()
  const tail = tailUsage({ usageLog: log }, { last: 10, follow: true, signal: abort.signal })
  const seen: number[] = []
  const next = async () => {
    const { value = [] } = await tail.next()
    seen.push(...value.map(({ seq }) => seq))
  }
  await next()
  await log.append([usageEvent({ seq: 2 }), usageEvent({ seq: 3 })])
  await next()
  // Another node began to write before that, and is done only now.
  await using connection = new ClickHouseConnection(place)
  const line = lineStart(usageEvent({ seq: 4, nodeId: 'node-2' })) + lineEnd((await log.newestPosition()) - 1)
  await connection.insert('usage_events', WRITTEN_COLUMNS, [line], 'late')
  await next()
  await log.append([usageEvent({ seq: 5 })])
  await next()
  expect(seen).toEqual([1, 2, 3, 4, 5])
  abort.abort()
  expect((await tail.next()).done).toBe(true)
})
