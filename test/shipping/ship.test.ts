import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, ManualClock, systemClock } from '../../src/lib/clock.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { Shipper, type ShipperParts } from '../../src/shipping/ship.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { RollupEntry } from '../../src/storage/ports/ledger.ts'
import type { UsageLog } from '../../src/storage/ports/usage-log.ts'
import { storesIn, testStore } from '../support/control-store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

interface Opening {
  readonly epoch?: number
  readonly folder?: string
  readonly clock?: Clock
}

/** A spool, a ledger and a usage log on files of their own. */
async function opened({ epoch = 1, folder = tempDir(), clock = systemClock }: Opening = {}) {
  const { store } = await testStore(folder)
  const usageLog = await openUsageLog(storesIn(folder))
  const spoolPath = join(folder, 'spool.db')
  const spool = new Spool({ path: spoolPath, durability: 'process', epoch, clock })
  const reader = new SpoolReader(spoolPath)
  onTestFinished(async () => {
    spool.close()
    reader.close()
    await usageLog[Symbol.asyncDispose]()
  })
  const shipped: number[] = []
  const parts: ShipperParts = {
    spool: reader,
    store,
    usageLog,
    nodeId: 'node-1',
    onShipped: ({ batchId }) => shipped.push(batchId),
  }
  return { spool, parts, store, usageLog, shipped, folder, state: () => stateOf(store, usageLog) }
}

const event = (name: string, overrides: Partial<UsageEvent> = {}) =>
  usageEvent({ id: name.padEnd(26, '0').toUpperCase().slice(0, 26), requestId: name, ...overrides })

function batch(...events: readonly UsageEvent[]) {
  const lines = events.map((each) =>
    encodeEvent({
      ...each,
      caller: encodeCaller(each),
      quantities: Object.keys(each.quantities).length === 0 ? '' : JSON.stringify(each.quantities),
      dimensions: '',
    }),
  )
  return { lines: lines.join(''), count: events.length }
}

/** All that the two stores hold. */
async function stateOf(store: ControlStore, usageLog: UsageLog) {
  const rollups: RollupEntry[] = []
  for await (const rollup of store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }))
    rollups.push(rollup)
  const events: UsageEvent[] = []
  for await (const each of usageLog.events({})) events.push(each)
  return { rollups, events }
}

const sum = (rollups: readonly RollupEntry[]) => rollups.reduce((total, rollup) => total + rollup.requests, 0)

describe('shipping', () => {
  test('every event reaches both stores once, whatever the batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
        async (sizes) => {
          const { spool, parts, state, shipped } = await opened()
          const shipper = new Shipper(parts)
          let [made, moved] = [0, 0]
          for (const [index, size] of sizes.entries()) {
            spool.append([batch(...Array.from({ length: size }, (_, each) => event(`E${made + each}X`)))], 0)
            made += size
            if (index % 3 === 0) moved += await shipper.ship()
          }
          moved += await shipper.ship()
          const { rollups, events } = await state()
          expect([moved, sum(rollups), events.length]).toEqual([made, made, made])
          expect(events.map((each) => each.seq).sort((a, b) => a - b)).toEqual(
            Array.from({ length: made }, (_, index) => index + 1),
          )
          expect(shipped.at(-1)).toBe(sizes.length)
        },
      ),
      { numRuns: 15 },
    )
  }, 60_000)

  test('the whole spool again, ten times, changes nothing', async () => {
    const { spool, parts, state } = await opened()
    spool.append([batch(event('A', { quantities: { tokens: '1.5' } }), event('B')), batch(event('C'))], 0)
    await new Shipper(parts).ship()
    const before = await state()
    for (let time = 0; time < 10; time += 1) await new Shipper(parts).ship()
    expect(await state()).toEqual(before)
    expect(before.events).toHaveLength(3)
  })

  test.each(['lost', 'set back'])(
    'the whole spool again changes nothing though the watermarks of both stores are %s',
    async (what) => {
      const { spool, parts, state, folder } = await opened()
      const quantities = { tokens: '1.5' }
      spool.append([batch(event('A', { quantities }), event('B')), batch(event('C'))], 0)
      await new Shipper(parts).ship()
      const before = await state()
      const { control, usage } = storesIn(folder).stores
      for (let time = 0; time < 10; time += 1) {
        for (const { path } of [control, usage]) {
          const database = new Database(path)
          database.exec(what === 'lost' ? 'DELETE FROM watermarks' : 'UPDATE watermarks SET seq = 1')
          database.close()
        }
        await new Shipper(parts).ship()
        expect(await state()).toEqual(before)
      }
      // And it goes on from there.
      spool.append([batch(event('D'))], 0)
      await new Shipper(parts).ship()
      expect(sum((await state()).rollups)).toBe(4)
      expect(await parts.store.ledger.watermarks()).toEqual([{ nodeId: 'node-1', epoch: 1, seq: 4 }])
    },
  )

  test('a batch that is not as it was written is not shipped, and named', async () => {
    const { spool, parts, state, folder } = await opened()
    spool.append([batch(event('A'))], 0)
    spool.append([batch(event('B'))], 0)
    const database = new Database(join(folder, 'spool.db'))
    database.exec("UPDATE batches SET lines = replace(lines, 'acme', 'evil') WHERE batch_id = 2")
    database.close()
    await expect(new Shipper(parts).ship()).rejects.toThrow(/batch 2 of .*spool\.db is not as it was written/)
    expect((await state()).rollups).toEqual([])
  })

  test('says of an event when it was committed and when it was shipped', async () => {
    const folder = tempDir()
    const clock = new ManualClock(1_000)
    const { parts, usageLog, spool } = await opened({ folder, clock })
    spool.append([batch(event('A'))], 0)
    clock.set(2_000)
    spool.append([batch(event('B'))], 0)
    clock.set(3_000)
    await new Shipper({ ...parts, clock }).ship()
    clock.set(4_000)
    spool.append([batch(event('C'))], 0)
    clock.set(5_000)
    await new Shipper({ ...parts, clock }).ship()
    const place = { nodeId: 'node-1', epoch: 1 }
    const first = { spooledFromMs: 1_000, spooledToMs: 2_000, shippedMs: 3_000 }
    expect(await usageLog.shipmentOf({ ...place, seq: 1 })).toEqual(first)
    expect(await usageLog.shipmentOf({ ...place, seq: 2 })).toEqual(first)
    expect(await usageLog.shipmentOf({ ...place, seq: 3 })).toEqual({
      ...{ spooledFromMs: 4_000, spooledToMs: 4_000, shippedMs: 5_000 },
    })
    expect(await usageLog.shipmentOf({ ...place, seq: 4 })).toBeUndefined()
    expect(await usageLog.lastEpoch('node-1')).toBe(1)
  })

  test('calls that overlap share a run', async () => {
    const { spool, parts, state } = await opened()
    spool.append([batch(event('A'), event('B'))], 0)
    const shipper = new Shipper(parts)
    expect(await Promise.all([shipper.ship(), shipper.ship(), shipper.ship()])).toEqual([2, 2, 2])
    expect(sum((await state()).rollups)).toBe(2)
  })

  test('what an earlier start left behind is shipped under its own epoch', async () => {
    const folder = tempDir()
    const first = await opened({ folder })
    first.spool.append([batch(event('A')), batch(event('B'))], 0)
    await new Shipper(first.parts).ship()
    first.spool.append([batch(event('C'))], 1)
    const second = await opened({ folder, epoch: 2 })
    second.spool.append([batch(event('D'), event('E'))], 0)
    await new Shipper(second.parts).ship()
    const { rollups, events } = await second.state()
    expect(sum(rollups)).toBe(5)
    expect(events.map(({ requestId, epoch, seq }) => [requestId, epoch, seq]).sort()).toEqual([
      ['A', 1, 1],
      ['B', 1, 2],
      ['C', 1, 3],
      ['D', 2, 1],
      ['E', 2, 2],
    ])
  })
})

describe('groups', () => {
  const many = (name: string, count: number) =>
    batch(...Array.from({ length: count }, (_, index) => event(`${name}${index}X`)))

  test('a backlog goes in groups of bounded size, and each is let go by itself', async () => {
    const { spool, parts, shipped, state } = await opened()
    spool.append([many('A', 4_000), many('B', 4_000), many('C', 4_000), many('D', 11_000), many('E', 10)], 0)
    expect(await new Shipper(parts).ship()).toBe(23_010)
    expect(shipped).toEqual([2, 3, 4, 5])
    const { rollups, events } = await state()
    expect([sum(rollups), events.length]).toEqual([23_010, 23_010])
  })

  test('many small batches go together', async () => {
    const { spool, parts, shipped } = await opened()
    spool.append(
      Array.from({ length: 300 }, (_, index) => many(`A${index}B`, 3)),
      0,
    )
    expect(await new Shipper(parts).ship()).toBe(900)
    expect(shipped).toEqual([300])
  })

  test('what comes in while it ships waits for the next call', async () => {
    const { spool, parts, state } = await opened()
    spool.append([many('A', 3)], 0)
    let more = 0
    const onShipped = () => {
      more += 1
      spool.append([many(`B${more}B`, 2)], 0)
    }
    const shipper = new Shipper({ ...parts, onShipped })
    expect(await shipper.ship()).toBe(3)
    expect(await shipper.ship()).toBe(2)
    expect((await state()).events).toHaveLength(5)
  })
})

describe('when it breaks off, both stores are right in the end', () => {
  test.each([
    { at: 'before the ledger', again: 'the same process' },
    { at: 'after the ledger', again: 'the same process' },
    { at: 'before the usage log', again: 'the same process' },
    { at: 'after the usage log', again: 'the same process' },
    { at: 'before the ledger', again: 'a new one' },
    { at: 'after the ledger', again: 'a new one' },
    { at: 'before the usage log', again: 'a new one' },
    { at: 'after the usage log', again: 'a new one' },
  ])('$at, and $again goes on', async ({ at, again }) => {
    const { spool, parts, state, shipped } = await opened()
    spool.append([batch(event('A'), event('B'))], 0)
    const breaking = new Shipper(breakingOnce(parts, at))
    await expect(breaking.ship()).rejects.toThrow('the power went')
    expect(shipped).toEqual([])
    spool.append([batch(event('C'))], 0)
    await (again === 'a new one' ? new Shipper(parts) : breaking).ship()
    const { rollups, events } = await state()
    expect([sum(rollups), events.map((each) => each.requestId).sort()]).toEqual([3, ['A', 'B', 'C']])
    expect(shipped.at(-1)).toBe(2)
  })

  test('a hole in the spool is noticed, never stepped over', async () => {
    const { spool, parts, state } = await opened()
    spool.append([batch(event('A'))], 0)
    await new Shipper(parts).ship()
    spool.append([batch(event('B'))], 0)
    spool.append([batch(event('C'))], 2)
    await expect(new Shipper(parts).ship()).rejects.toThrow(/no gap/)
    expect(sum((await state()).rollups)).toBe(1)
  })
})

/** The same stores, of which one fails once, before or after it did its work. */
function breakingOnce(parts: ShipperParts, at: string): ShipperParts {
  let broken = false
  const around = async <Result>(place: string, work: () => Promise<Result>): Promise<Result> => {
    const breaks = !broken && at.endsWith(place)
    if (breaks) broken = true
    if (breaks && at.startsWith('before')) throw new Error('the power went')
    const result = await work()
    if (breaks) throw new Error('the power went')
    return result
  }
  const { store, usageLog } = parts
  return {
    ...parts,
    store: {
      ...store,
      ledger: store.ledger,
      transaction: (work) => around('the ledger', () => store.transaction(work)),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    } as ControlStore,
    usageLog: {
      watermark: (place) => usageLog.watermark(place),
      append: (events) => around('the usage log', () => usageLog.append(events)),
    } as UsageLog,
  }
}
