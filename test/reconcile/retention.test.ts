import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { COUNTED_METERS } from '../support/counted-meters.ts'
import { COUNTED_FROM, fillStores, NODE_ID } from '../support/counted-stores.ts'
import { reconcileIn } from '../support/mutations.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Every row of every table of the control store, as text. */
function ledgerOf(folder: string): string {
  const database = new Database(join(folder, '.gatez/gatez.db'), { readonly: true })
  const tables = database
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .pluck()
    .all()
  const text = tables.map((table) => {
    const rows = database.prepare(`SELECT * FROM ${table}`).all()
    return `${table}\n${rows.map((row) => JSON.stringify(row)).join('\n')}`
  })
  database.close()
  return text.join('\n')
}

test('forgetting raw events, all of them, leaves every row of the ledger as it was', async () => {
  const folder = tempDir()
  await fillStores({ folder, events: 700, spooled: 0, reported: 80 })
  const before = ledgerOf(folder)
  expect(before).toContain('rollup_quantities\n{')
  {
    await using usageLog = await openUsageLog(storesIn(folder))
    for (let hours = 1; hours <= 24; hours += 1) {
      await usageLog.forgetBefore(COUNTED_FROM + hours * 3_600_000, 10_000)
      expect(ledgerOf(folder)).toBe(before)
    }
    // The newest event stays: positions are counted on from it.
    expect(await Array.fromAsync(usageLog.events({}))).toHaveLength(1)
  }
  expect(await reconcileIn(folder)).toMatchObject({ equal: true, differences: [], events: 0 })
})

test('emptying the spool of what was shipped leaves every row of the ledger as it was', async () => {
  const folder = tempDir()
  await fillStores({ folder, events: 300, spooled: 120 })
  const config = storesIn(folder)
  const path = join(config.stores.dataDir, 'spool.db')
  const clock = new ManualClock(COUNTED_FROM)
  await using store = await openControlStore(config, clock)
  await using usageLog = await openUsageLog(config)
  const reader = new SpoolReader(path)
  let through = 0
  const onShipped = ({ batchId }: { batchId: number }) => {
    through = batchId
  }
  const metering = { meters: COUNTED_METERS, dimensions: [] }
  await new Shipper({ spool: reader, store, usageLog, nodeId: NODE_ID, clock, metering, onShipped }).ship()
  const before = ledgerOf(folder)
  const spool = new Spool({ path, durability: 'process', epoch: 3, clock })
  spool.append([], through)
  spool.tidyUp()
  spool.close()
  reader.close()
  const database = new Database(path, { readonly: true })
  // The newest batch stays, so that a missing one is missed.
  expect(database.prepare('SELECT count(*) FROM batches').pluck().get()).toBe(1)
  database.close()
  expect(ledgerOf(folder)).toBe(before)
  expect(await reconcileIn(folder)).toMatchObject({ equal: true, differences: [], events: 420 })
})
