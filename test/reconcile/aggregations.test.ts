import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import type { Meter } from '../../src/model/meter.ts'
import { voidEvent } from '../../src/reconcile/void-event.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { COUNTED_METERS } from '../support/counted-meters.ts'
import { COUNTED_FROM, fillStores } from '../support/counted-stores.ts'
import { reconcileIn } from '../support/mutations.ts'
import { tempDir } from '../support/temp-dir.ts'

const MARKED = ['peak', 'seats', 'storage', 'users']

/** Another aggregation for each meter. */
const CHANGED: readonly Meter[] = COUNTED_METERS.map((meter, index) => {
  const next = COUNTED_METERS[(index + 1) % COUNTED_METERS.length]!
  return { ...meter, aggregation: next.aggregation }
})

async function counted(wanted: { metersLater?: readonly Meter[]; reported?: number } = {}) {
  const folder = tempDir()
  await fillStores({ folder, events: 900, spooled: 60, reported: 200, ...wanted })
  const run = (sql: string) => {
    const database = new Database(join(folder, '.gatez/gatez.db'))
    const { changes } = database.prepare(sql).run()
    database.close()
    expect(changes).toBeGreaterThan(0)
  }
  return { folder, run, reconcile: () => reconcileIn(folder) }
}

describe('meters of every aggregation', () => {
  test('come to the same counted again, in rollups, report and export', async () => {
    const { reconcile } = await counted()
    const found = await reconcile()
    expect(found).toMatchObject({ equal: true, differences: [], events: 1_100 })
    for (const meter of [...MARKED, 'jobs', 'tokens']) {
      const row = found.rows.find((each) => each.tenant_id === 'tenant-2' && each.meter === meter)
      expect(Number(row?.raw), meter).toBeGreaterThan(0)
      expect(row).toMatchObject({ rollups: row?.raw, report: row?.raw, export: row?.raw, equal: true })
    }
    expect(found.through).toContainEqual({ node_id: 'events', epoch: 1, seq: 200 })
  })

  test('that the file counts otherwise from some event on are no false alarm', async () => {
    const { reconcile } = await counted({ metersLater: CHANGED })
    expect(await reconcile()).toMatchObject({ equal: true, differences: [] })
  })

  test.each([
    "UPDATE rollup_quantities SET quantity = '999' WHERE aggregation = 'max' AND rowid_of = 1",
    "UPDATE rollup_quantities SET at_ms = at_ms + 1 WHERE aggregation = 'latest' AND rowid_of = 1",
    "UPDATE rollup_quantities SET member = 'mallory' WHERE member = 'bob' AND rowid_of = 1",
    "DELETE FROM rollup_quantities WHERE aggregation = 'unique_count' AND rowid_of = 1",
    "DELETE FROM rollup_quantities WHERE aggregation = 'leak' AND rowid_of = 1",
    "UPDATE rollup_callers SET dimensions = replace(dimensions, 'large', 'huge') WHERE dimensions LIKE '%large%'",
    `UPDATE usage_seals SET meters = replace(meters, '"max"', '"latest"') WHERE epoch = 2 AND meters LIKE '%"max"%'`,
    `UPDATE usage_seals SET marks = '' WHERE marks <> ''`,
  ])('with a changed number, also of a file that changed: %s', async (written) => {
    const { run, reconcile } = await counted({ metersLater: CHANGED })
    const one = (condition: string) =>
      `(bucket_ms, caller_no, kind_no, meter_id, aggregation, member) = (SELECT bucket_ms, caller_no, kind_no, meter_id,
        aggregation, member FROM rollup_quantities WHERE ${condition} LIMIT 1)`
    run(written.replace(/WHERE (.*) AND rowid_of = 1/, (_, condition) => `WHERE ${one(condition)}`))
    const { equal, differences } = await reconcile()
    expect(equal).toBe(false)
    expect(differences).toContainEqual(expect.objectContaining({ store: 'ledger' }))
  })

  test('are found changed though raw events are forgotten', async () => {
    const { folder, run, reconcile } = await counted()
    {
      await using usageLog = await openUsageLog(storesIn(folder))
      await usageLog.forgetBefore(COUNTED_FROM + 86_400_000, 10_000)
    }
    expect(await reconcile()).toMatchObject({ equal: true, differences: [], events: 0 })
    run("UPDATE rollup_quantities SET quantity = '10' WHERE aggregation = 'max' AND quantity = '9.5'")
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ store: 'ledger', what: expect.stringMatching(/not added up/) }),
    )
  })
})

describe('ids of reported events', () => {
  test.each([
    { sql: "DELETE FROM ingested_events WHERE id = 'txn-7'", what: /199 .*200|200 .*199/ },
    {
      sql: "UPDATE ingested_events SET hash = 'x' WHERE id = 'txn-7'",
      what: /not as the \d+ that were taken/,
    },
    {
      sql: 'DELETE FROM event_batches WHERE first_seq = (SELECT max(first_seq) FROM event_batches)',
      what: /./,
    },
    { sql: 'UPDATE event_batches SET count = count - 1', what: /holds \d+ events instead of/ },
    {
      sql: "UPDATE event_batches SET lines = replace(lines, 'zoe', 'mia')",
      what: /not as counted|not as it was/,
    },
  ])('that are not as they were: $sql', async ({ sql, what }) => {
    const { run, reconcile } = await counted()
    run(sql)
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(what) }),
    )
  })
})

test('what is taken back is a sum or a count, as it was counted then; the rest stays, and is named', async () => {
  const { folder, reconcile } = await counted({ metersLater: CHANGED })
  {
    const clock = new ManualClock(COUNTED_FROM + 40 * 86_400_000)
    await using store = await openControlStore(storesIn(folder), clock)
    await using usageLog = await openUsageLog(storesIn(folder))
    const log = (await usageLog.appendedAfter(0, 10_000)).map(({ event }) => event)
    const parts = { store, usageLog, clock }
    const take = (event: string) => voidEvent(parts, { event, reason: 'x', actor: 'cli:ann' })
    const of = (epoch: number) =>
      log.find((event) => event.epoch === epoch && event.quantities.peak === '9.5' && event.billable)!
    expect(await take(of(1).id)).toMatchObject({ quantities: { jobs: '-1' }, kept_meters: ['peak', 'users'] })
    // From the second run on the file said: peak latest, jobs max, users time-weighted.
    expect(await take(of(2).id)).toMatchObject({ quantities: {}, kept_meters: ['jobs', 'peak', 'users'] })
    const reported = log.find(({ source, quantities }) => source === 'api' && quantities.jobs !== undefined)!
    expect(await take(reported.id)).toMatchObject({
      quantities: { jobs: '-1', tokens: '0.25' },
      usage_units: 0,
    })
  }
  expect(await reconcile()).toMatchObject({ equal: true, differences: [] })
})

test('a call that was metered in parts is taken back whole, by any of its ids', async () => {
  const { folder, reconcile } = await counted()
  {
    const clock = new ManualClock(COUNTED_FROM + 40 * 86_400_000)
    await using store = await openControlStore(storesIn(folder), clock)
    await using usageLog = await openUsageLog(storesIn(folder))
    const log = (await usageLog.appendedAfter(0, 10_000)).map(({ event }) => event)
    const [first, next, last] = log.filter(({ requestId }) => requestId === 'the-stream')
    const parts = { store, usageLog, clock }
    const take = (event: string) => voidEvent(parts, { event, reason: 'x', actor: 'cli:ann' })
    const done = await take(next!.id)
    expect(done).toMatchObject({
      event_id: first!.id,
      parts: 3,
      already: false,
      usage_units: -first!.usageUnits,
    })
    expect(await take('the-stream')).toMatchObject({ id: done.id, already: true })
    const after = (await usageLog.appendedAfter(0, 10_000)).map(({ event }) => event)
    const opposite = after.filter(({ source }) => source === 'adjustment')
    expect(opposite.map(({ count }) => count)).toEqual([-1, 0, 0])
    const sum = (events: typeof log) => events.reduce((total, { bytesSent }) => total + bytesSent, 0)
    expect(sum(opposite)).toBe(-sum([first!, next!, last!]))
  }
  expect(await reconcile()).toMatchObject({ equal: true, differences: [] })
})
