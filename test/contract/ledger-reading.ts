import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import {
  BUCKET_MS,
  type Rollup,
  type RollupEntry,
  type RollupFilter,
} from '../../src/storage/ports/ledger.ts'
import { level, mark } from '../support/marks.ts'
import { MARCH, rollup } from '../support/rollups.ts'
import type { LedgerDriver } from './ledger.ts'

/** What every LedgerStore promises to its readers. */
export function ledgerReadingContract(driver: LedgerDriver): void {
  describe(`reading a LedgerStore on ${driver.name}`, () => {
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
      const advance = { nodeId: 'node-1', epoch: 1, afterSeq: seq - 1, throughSeq: seq }
      expect(await store.transaction((tables) => tables.ledger.apply(entries, advance))).toBe(true)
    }
    const read = (filter: Partial<RollupFilter> = {}) =>
      Array.fromAsync(store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, ...filter }))

    test('takes the buckets that start in the span, half-open, in their order', async () => {
      const buckets = [3, 0, 2, 1].map((index) => rollup({ bucketMs: MARCH + index * BUCKET_MS }))
      await apply(...buckets)
      const found = await read({ fromMs: MARCH + BUCKET_MS, toMs: MARCH + 3 * BUCKET_MS })
      expect(found.map(({ bucketMs }) => bucketMs)).toEqual([MARCH + BUCKET_MS, MARCH + 2 * BUCKET_MS])
    })

    test('can be narrowed to one tenant', async () => {
      await apply(rollup({}), rollup({ tenantId: 'other' }), rollup({ keyId: 'second' }))
      expect(await read({ tenantId: 'acme' })).toEqual([rollup({}), rollup({ keyId: 'second' })])
      expect(await read({ tenantId: 'nobody' })).toEqual([])
    })

    test('can be narrowed to some tenants, merged or not, and so can levels', async () => {
      const tenants = ['acme', 'beta', 'gamma', '']
      const ofEach = tenants.map((tenantId) => rollup({ tenantId }))
      const levels = tenants.map((tenantId) =>
        rollup({ tenantId, bucketMs: MARCH + BUCKET_MS, marks: [level('1', BUCKET_MS)] }),
      )
      await apply(...ofEach, ...levels)
      const tenantsOf = (found: readonly { readonly tenantId: string }[]) =>
        [...new Set(found.map(({ tenantId }) => tenantId))].sort()
      const among = ['gamma', '', 'nobody']
      expect(tenantsOf(await read({ among }))).toEqual(['', 'gamma'])
      expect(tenantsOf(await read({ among, apartAt: [] }))).toEqual(['', 'gamma'])
      expect(await read({ among, apartAt: [], kindsAsOne: true, toMs: MARCH + BUCKET_MS })).toHaveLength(2)
      const beforeMs = MARCH + 2 * BUCKET_MS
      expect(tenantsOf(await store.ledger.levels({ beforeMs, among }))).toEqual(['', 'gamma'])
      expect(tenantsOf(await store.ledger.levels({ beforeMs, tenantId: 'beta', among }))).toEqual(['beta'])
    })

    test('tells which custom meters have billable usage in a span, or a level from before it', async () => {
      const later = { bucketMs: MARCH + 2 * BUCKET_MS }
      await apply(
        rollup({ quantities: { early: '1' }, marks: [level('3', 0)] }),
        rollup({ ...later, quantities: { tokens: '1', images: '2' } }),
        rollup({ ...later, billable: false, quantities: { refused: '1' } }),
        rollup({ ...later, keyId: 'second', marks: [mark({ aggregation: 'max' })] }),
        rollup({ ...later, keyId: 'third', marks: [mark({ meterId: 'lost', aggregation: 'leak' })] }),
      )
      const endMs = MARCH + 3 * BUCKET_MS
      expect(await store.ledger.usedMeters(MARCH + BUCKET_MS, endMs)).toEqual([
        'images',
        'peak',
        'storage',
        'tokens',
      ])
      expect(await store.ledger.usedMeters(endMs, endMs + BUCKET_MS)).toEqual(['storage'])
      expect(await store.ledger.usedMeters(0, MARCH)).toEqual([])
    })

    test('tells how much there is to tell apart', async () => {
      expect(await store.ledger.breadth()).toEqual({ tenantIds: [], callers: 0, kinds: 0 })
      await apply(
        rollup({}),
        rollup({ keyId: 'second', routeId: 'lookup' }),
        rollup({ keyId: 'second', statusClass: 4, billable: false }),
        rollup({ tenantId: 'beta' }),
      )
      const breadth = await store.ledger.breadth()
      expect({ ...breadth, tenantIds: breadth.tenantIds.toSorted() }).toEqual({
        tenantIds: ['acme', 'beta'],
        callers: 3,
        kinds: 3,
      })
    })

    test.each([undefined, 'acme'])(
      'gives each of many rollups once, over many pages, tenant %s',
      async (tenantId) => {
        const entries = Array.from({ length: 5_001 }, (_, index) =>
          rollup({
            bucketMs: MARCH + Math.floor(index / 4_500) * BUCKET_MS,
            keyId: `key_${String(index).padStart(5, '0')}`,
            quantities: index % 2 === 0 ? { a: '1', b: '2' } : {},
          }),
        )
        await apply(...entries.toReversed())
        expect(await read(tenantId === undefined ? {} : { tenantId })).toEqual(entries)
      },
    )

    test('merges rollups of one key where it may: the sums stay, nothing is joined over a given moment', async () => {
      await apply(...sixCallers((index) => ({ bytesSent: 7 * index })))
      const apartAt = [at(40), at(41)]
      const merged = await read({ apartAt })
      expect(merged.length).toBeLessThan(60)
      const spans = [0, ...apartAt, Number.MAX_SAFE_INTEGER]
      for (const [index, fromMs] of spans.slice(0, -1).entries()) {
        const toMs = spans[index + 1] ?? 0
        const inSpan = merged.filter(({ bucketMs }) => bucketMs >= fromMs && bucketMs < toMs)
        expect(sums(inSpan)).toEqual(sums(await read({ fromMs, toMs })))
      }
      const starts = merged.map(({ bucketMs }) => apartAt.filter((moment) => bucketMs >= moment).length)
      expect(starts).toEqual(starts.toSorted())
    })

    test('merges all kinds of calls of one caller where it may, billable ones apart from the others', async () => {
      const entries = sixCallers((index) => ({
        ...(index % 4 === 0 && { dimensions: { region: 'eu' } }),
        routeId: `r${index % 7}`,
        apiId: `a${index % 2}`,
        billable: index % 5 !== 0,
        refused: index % 3,
        durationMs: 11 * index,
      }))
      await apply(...entries)
      const apartAt = [at(40)]
      const merged = await read({ apartAt, kindsAsOne: true })
      expect(merged.length).toBeLessThan((await read({ apartAt })).length / 2)
      const asOne = (each: Rollup): Rollup => ({ ...each, apiId: '', routeId: '', statusClass: 0 })
      for (const span of [
        { fromMs: 0, toMs: at(40) },
        { fromMs: at(40), toMs: Number.MAX_SAFE_INTEGER },
      ]) {
        const inSpan = merged.filter(({ bucketMs }) => bucketMs >= span.fromMs && bucketMs < span.toMs)
        expect(sums(inSpan)).toEqual(sums((await read(span)).map(asOne)))
      }
      expect(await read({ kindsAsOne: true })).toEqual(await read({}))
    })

    test('leaves each rollup by itself where there are custom meters, however it is asked', async () => {
      const entries = [0, 1, 2].map((index) =>
        rollup({ bucketMs: MARCH + index * BUCKET_MS, quantities: { tokens: '0.000000000000001' } }),
      )
      await apply(...entries)
      expect(await read({ apartAt: [] })).toEqual(entries)
    })

    test('does not hold up a writer, who may add while a reader is half way', async () => {
      await apply(rollup({}), rollup({ keyId: 'second' }))
      const seen: Rollup[] = []
      for await (const found of store.ledger.rollups({ fromMs: 0, toMs: MARCH + BUCKET_MS })) {
        seen.push(found)
        await apply(rollup({ keyId: 'zzz' }))
      }
      expect(seen.slice(0, 2)).toEqual([rollup({}), rollup({ keyId: 'second' })])
    })

    test.each([undefined, 'acme'])('steps over long gaps, tenant %s', async (tenantId) => {
      const buckets = [0, 1, 95, 96, 97, 400_000].map((bucket) =>
        rollup({ bucketMs: MARCH + bucket * BUCKET_MS, quantities: { tokens: '1' } }),
      )
      await apply(...buckets)
      expect(await read(tenantId === undefined ? {} : { tenantId })).toEqual(buckets)
      const span = { fromMs: MARCH + 1, toMs: MARCH + 97 * BUCKET_MS + 1 }
      expect(await read({ ...span, ...(tenantId && { tenantId }) })).toEqual(buckets.slice(1, 5))
    })

    test('adds up what counts against the quota of each tenant', async () => {
      await apply(
        rollup({ requests: 3, usageUnits: 15 }),
        rollup({ requests: 2, usageUnits: 4, keyId: 'second', bucketMs: MARCH + BUCKET_MS }),
        rollup({ requests: 9, usageUnits: 9, billable: false }),
        rollup({ requests: 9, usageUnits: 9, bucketMs: MARCH + 2 * BUCKET_MS }),
        rollup({ requests: 9, usageUnits: 9, tenantId: '' }),
        rollup({ requests: 1, usageUnits: 0, tenantId: 'globex' }),
      )
      const span = [MARCH, MARCH + 2 * BUCKET_MS] as const
      expect(await store.ledger.usedByTenant('calls', ...span)).toEqual([
        { tenantId: 'acme', used: 5 },
        { tenantId: 'globex', used: 1 },
      ])
      expect(await store.ledger.usedByTenant('units', ...span)).toEqual([
        { tenantId: 'acme', used: 19 },
        { tenantId: 'globex', used: 0 },
      ])
    })
  })
}

/** The start of the nth bucket. */
function at(index: number): number {
  return MARCH + index * BUCKET_MS
}

/** Rollups of three tenants with two keys each, over 130 buckets. */
function sixCallers(more: (index: number) => Partial<RollupEntry>): readonly RollupEntry[] {
  return Array.from({ length: 300 }, (_, index) =>
    rollup({
      bucketMs: at(index % 130),
      tenantId: `t${index % 3}`,
      keyId: `key_${index % 2}`,
      statusClass: index % 5 === 0 ? 5 : 2,
      requests: index + 1,
      ...more(index),
    }),
  )
}

/** What rollups add up to, by their key but for the bucket. */
function sums(rollups: readonly Rollup[]): Readonly<Record<string, readonly number[]>> {
  const found: Record<string, readonly number[]> = {}
  for (const { bucketMs: _, quantities: __, marks: ___, ...rest } of rollups) {
    const { requests, refused, usageUnits, bytesReceived, bytesSent, durationMs, ...key } = rest
    const name = JSON.stringify(key)
    const all = [requests, refused, usageUnits, bytesReceived, bytesSent, durationMs]
    found[name] = all.map((number, index) => number + (found[name]?.[index] ?? 0))
  }
  return found
}
