import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rollUp } from '../../src/metering/roll-up.ts'
import { sealUp } from '../../src/metering/seal-up.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { BUCKET_MS } from '../../src/storage/ports/ledger.ts'
import { MARCH } from '../support/rollups.ts'
import { usageEvent } from '../support/usage-events.ts'
import type { LedgerDriver } from './ledger.ts'

const FOREVER = Number.MAX_SAFE_INTEGER

/** What every LedgerStore promises of its seals. */
export function ledgerSealsContract(driver: LedgerDriver): void {
  describe(`seals of the LedgerStore on ${driver.name}`, () => {
    let store: ControlStore

    beforeEach(async () => {
      store = await driver.open()
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
    })

    const apply = (events: readonly UsageEvent[], afterSeq: number) => {
      const { nodeId, epoch } = events[0]!
      const advance = { nodeId, epoch, afterSeq, throughSeq: events.at(-1)!.seq }
      return store.transaction(({ ledger }) => ledger.apply(rollUp(events), advance, sealUp(events)))
    }
    const read = (fromMs = 0, toMs = FOREVER) => Array.fromAsync(store.ledger.seals(fromMs, toMs))
    const events = (count: number, parts: Partial<UsageEvent> = {}) =>
      Array.from({ length: count }, (_, index) =>
        usageEvent({ seq: index + 1, timestampMs: MARCH + index * 60_000, ...parts }),
      )

    test('are the same, however the events were cut into batches', async () => {
      const all = events(40, { quantities: { tokens: '0.1' } })
      for (let at = 0; at < 40; at += 7) await apply(all.slice(at, at + 7), at)
      expect(await read()).toEqual(sealUp(all))
      expect(
        (await read()).map(({ bucketMs, events, firstSeq, lastSeq }) => ({
          ...{ at: (bucketMs - MARCH) / BUCKET_MS, events, firstSeq, lastSeq },
        })),
      ).toEqual([
        { at: 0, events: 15, firstSeq: 1, lastSeq: 15 },
        { at: 1, events: 15, firstSeq: 16, lastSeq: 30 },
        { at: 2, events: 10, firstSeq: 31, lastSeq: 40 },
      ])
      expect((await read())[0]?.meters).toEqual([
        { meterId: 'tokens', aggregation: 'sum', firstSeq: 1, lastSeq: 15, quantity: '1.5' },
      ])
    })

    test('are read for a half-open span of buckets, all of many', async () => {
      const all = Array.from({ length: 2_500 }, (_, index) =>
        usageEvent({ seq: index + 1, timestampMs: MARCH + index * BUCKET_MS }),
      )
      await apply(all, 0)
      expect((await read()).map(({ firstSeq }) => firstSeq)).toEqual(all.map(({ seq }) => seq))
      const [from, to] = [MARCH + 3 * BUCKET_MS, MARCH + 5 * BUCKET_MS]
      expect((await read(from, to)).map(({ firstSeq }) => firstSeq)).toEqual([4, 5])
    })

    test('say how many events are under those of a half-open span, without being read', async () => {
      await apply(events(40), 0)
      await apply(events(20, { nodeId: 'node-0' }), 0)
      const [one, two] = [MARCH + BUCKET_MS, MARCH + 2 * BUCKET_MS]
      expect(await store.ledger.sealedEvents(0, FOREVER)).toBe(60)
      expect(await store.ledger.sealedEvents(MARCH, one)).toBe(30)
      expect(await store.ledger.sealedEvents(one, two)).toBe(20)
      expect(await store.ledger.sealedEvents(0, MARCH)).toBe(0)
    })

    test('stand for each run of each node', async () => {
      await apply(events(2), 0)
      await apply(events(3, { epoch: 2 }), 0)
      await apply(events(4, { nodeId: 'node-0' }), 0)
      expect(await store.ledger.sealedRuns()).toEqual([
        { nodeId: 'node-0', epoch: 1, events: 4, lastSeq: 4, unsealedSeq: 0 },
        { nodeId: 'node-1', epoch: 1, events: 2, lastSeq: 2, unsealedSeq: 0 },
        { nodeId: 'node-1', epoch: 2, events: 3, lastSeq: 3, unsealedSeq: 0 },
      ])
      expect(await store.ledger.watermarks()).toEqual([
        { nodeId: 'node-0', epoch: 1, seq: 4 },
        { nodeId: 'node-1', epoch: 1, seq: 2 },
        { nodeId: 'node-1', epoch: 2, seq: 3 },
      ])
    })

    test('are not written when the batch was applied before', async () => {
      await apply(events(3), 0)
      expect(await apply(events(3), 0)).toBe(false)
      expect(await apply(events(5), 2)).toBe(false)
      expect(await read()).toEqual(sealUp(events(3)))
    })
  })
}
