import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { BUCKET_MS, type Rollup, type RollupEntry } from '../../src/storage/ports/ledger.ts'
import { MARCH, rollup, sums } from '../support/rollups.ts'

export interface LedgerDriver {
  readonly name: string
  /** A new, empty store. */
  open(): Promise<ControlStore>
}

const NODE = { nodeId: 'node-1', epoch: 1 }

/** What every LedgerStore promises. A new driver is done when this passes on it. */
export function ledgerContract(driver: LedgerDriver): void {
  describe(`LedgerStore on ${driver.name}`, () => {
    let store: ControlStore

    let seq: number

    beforeEach(async () => {
      store = await driver.open()
      seq = 0
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
    })

    const apply = async (...entries: readonly RollupEntry[]) => {
      seq += 1
      const advance = { ...NODE, afterSeq: seq - 1, throughSeq: seq }
      expect(await store.transaction((tables) => tables.ledger.apply(entries, advance))).toBe(true)
    }
    const read = (filter: { fromMs?: number; toMs?: number; tenantId?: string } = {}) =>
      Array.fromAsync(store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, ...filter }))

    describe('adding', () => {
      test('a new rollup reads back as it was written', async () => {
        const entry = rollup({ refused: 2, quantities: { tokens: '1234.5', images: '3' } })
        await apply(entry)
        expect(await read()).toEqual([entry])
      })

      test('what has the same key is added up, decimals exactly', async () => {
        await apply(rollup({ requests: 1, quantities: { tokens: '0.1' } }))
        await apply(rollup({ requests: 2, quantities: { tokens: '0.2', images: '1' } }))
        await apply(rollup({ requests: 4, bytesSent: 5 }))
        expect(await read()).toEqual([
          rollup({ requests: 7, bytesSent: 205, ...sums(3), quantities: { tokens: '0.3', images: '1' } }),
        ])
      })

      test('two entries with one key in one batch are added up as well', async () => {
        await apply(
          rollup({ quantities: { tokens: '0.000000000000001' } }),
          rollup({ keyId: 'other' }),
          rollup({ quantities: { tokens: '0.000000000000002' } }),
        )
        expect(await read()).toEqual([
          rollup({ requests: 2, bytesSent: 200, ...sums(2), quantities: { tokens: '0.000000000000003' } }),
          rollup({ keyId: 'other' }),
        ])
      })

      test.each<Partial<Rollup>>([
        { bucketMs: MARCH + BUCKET_MS },
        { tenantId: 'other' },
        { tenantId: '' },
        { keyId: 'other' },
        { apiId: 'other' },
        { routeId: 'other' },
        { planId: 'other' },
        { planVersion: 2 },
        { subscriptionId: 'other' },
        { statusClass: 4 },
        { billable: false },
      ])('a different %o is a different rollup', async (difference) => {
        await apply(rollup({}), rollup(difference))
        await apply(rollup(difference))
        const found = await read()
        expect(found).toHaveLength(2)
        expect(found).toContainEqual(rollup({}))
        expect(found).toContainEqual(rollup({ ...difference, requests: 2, bytesSent: 200, ...sums(2) }))
      })

      test('sums stay exact up to 2^53 - 1', async () => {
        await apply(rollup({ bytesSent: Number.MAX_SAFE_INTEGER - 1 }))
        await apply(rollup({ bytesSent: 1 }))
        expect((await read())[0]?.bytesSent).toBe(Number.MAX_SAFE_INTEGER)
      })

      test('a bucket that begins at no quarter of an hour is refused', async () => {
        const advance = { ...NODE, afterSeq: 0, throughSeq: 1 }
        const odd = rollup({ bucketMs: MARCH + 1 })
        await expect(store.transaction(({ ledger }) => ledger.apply([odd], advance))).rejects.toThrow(
          /quarter/,
        )
      })

      test('a batch of thousands of rollups arrives whole', async () => {
        const entries = Array.from({ length: 3_333 }, (_, index) =>
          rollup({ keyId: `key_${index % 1_111}`, routeId: `route-${index % 3}`, quantities: { n: '1' } }),
        )
        await apply(...entries)
        await apply(...entries)
        const found = await read()
        expect(found).toHaveLength(3_333)
        expect(found.every(({ requests, quantities }) => requests === 2 && quantities.n === '2')).toBe(true)
      })
    })

    describe('the watermark', () => {
      test('is 0 for a node and epoch that never wrote', async () => {
        expect(await store.ledger.watermark(NODE)).toBe(0)
      })

      test('stands where the last batch ended, for each node and epoch by itself', async () => {
        await apply()
        const other = { nodeId: 'node-1', epoch: 2, afterSeq: 0, throughSeq: 7 }
        expect(await store.ledger.apply([], other)).toBe(true)
        expect(await store.ledger.watermark(NODE)).toBe(1)
        expect(await store.ledger.watermark(other)).toBe(7)
      })

      test.each([
        { afterSeq: 0, throughSeq: 10, why: 'the whole batch again' },
        { afterSeq: 4, throughSeq: 12, why: 'a batch that overlaps' },
        { afterSeq: 11, throughSeq: 12, why: 'a batch that leaves a gap' },
      ])('refuses $why, and then nothing is written', async ({ afterSeq, throughSeq }) => {
        await store.ledger.apply([rollup({})], { ...NODE, afterSeq: 0, throughSeq: 10 })
        expect(await store.ledger.apply([rollup({})], { ...NODE, afterSeq, throughSeq })).toBe(false)
        expect(await store.ledger.watermark(NODE)).toBe(10)
        expect(await read()).toEqual([rollup({})])
      })

      test('a first batch that does not begin at 0 is refused', async () => {
        expect(await store.ledger.apply([rollup({})], { ...NODE, afterSeq: 3, throughSeq: 4 })).toBe(false)
        expect(await read()).toEqual([])
      })

      test('of shippers that race with one batch, one wins', async () => {
        const entry = rollup({ quantities: { tokens: '1.5' } })
        const advance = { ...NODE, afterSeq: 0, throughSeq: 1 }
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, () => store.transaction(({ ledger }) => ledger.apply([entry], advance))),
        )
        expect(outcomes.filter((applied) => applied)).toHaveLength(1)
        expect(await read()).toEqual([entry])
      })

      test('nodes that race add up, decimals too', async () => {
        const entry = rollup({ quantities: { tokens: '0.1' } })
        await Promise.all(
          Array.from({ length: 10 }, (_, index) => {
            const advance = { nodeId: `node-${index}`, epoch: 1, afterSeq: 0, throughSeq: 1 }
            return store.transaction(({ ledger }) => ledger.apply([entry], advance))
          }),
        )
        expect(await read()).toEqual([
          rollup({ requests: 10, bytesSent: 1_000, ...sums(10), quantities: { tokens: '1' } }),
        ])
      })

      test('rows and watermark hold together or not at all', async () => {
        const advance = { ...NODE, afterSeq: 0, throughSeq: 1 }
        const failed = store.transaction(async ({ ledger }) => {
          await ledger.apply([rollup({ quantities: { tokens: '1' } })], advance)
          throw new Error('the power went')
        })
        await expect(failed).rejects.toThrow('the power went')
        expect(await read()).toEqual([])
        expect(await store.ledger.watermark(NODE)).toBe(0)
      })
    })

    test.each<Partial<Rollup>>([
      { tenantId: 'lost' },
      { keyId: 'lost' },
      { planVersion: 7 },
      { routeId: 'lost' },
      { billable: false },
    ])('what a broken-off transaction was the first to name with %o is not mixed up later', async (names) => {
      const lost = rollup(names)
      const failed = store.transaction(async ({ ledger }) => {
        await ledger.apply([lost], { nodeId: 'node-2', epoch: 1, afterSeq: 0, throughSeq: 1 })
        throw new Error('the power went')
      })
      await expect(failed).rejects.toThrow('the power went')
      const next = rollup({ tenantId: 'next', keyId: 'next', routeId: 'next' })
      await apply(next)
      await apply(lost, next)
      expect(await read({ tenantId: lost.tenantId })).toEqual([lost])
      expect(await read({ tenantId: 'next' })).toEqual([{ ...next, requests: 2, bytesSent: 200, ...sums(2) }])
    })

    test('however entries are cut into batches, the sums are the same', async () => {
      const small = fc.record({
        bucketMs: fc.constantFrom(MARCH, MARCH + BUCKET_MS),
        tenantId: fc.constantFrom('acme', 'globex', ''),
        requests: fc.nat(100),
        meter: fc.constantFrom('tokens', 'images', null),
        quantity: fc.constantFrom('0.1', '2', '0.000000000000001'),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(small, { maxLength: 5 }), { maxLength: 8 }), async (batches) => {
          await using one = await driver.open()
          await using many = await driver.open()
          const entries = batches.map((batch) =>
            batch.map(({ meter, quantity, ...entry }) =>
              rollup({ ...entry, quantities: meter === null ? {} : { [meter]: quantity } }),
            ),
          )
          await one.ledger.apply(entries.flat(), { ...NODE, afterSeq: 0, throughSeq: 1 })
          for (const [index, batch] of entries.entries()) {
            await many.ledger.apply(batch, { ...NODE, afterSeq: index, throughSeq: index + 1 })
          }
          const [found, expected] = await Promise.all(
            [many, one].map((each) =>
              Array.fromAsync(each.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })),
            ),
          )
          expect(found).toHaveLength(expected?.length ?? 0)
          expect(found).toEqual(expect.arrayContaining(expected ?? []))
          const buckets = (found ?? []).map(({ bucketMs }) => bucketMs)
          expect(buckets).toEqual(buckets.toSorted())
        }),
        { numRuns: 25 },
      )
    })
  })
}
