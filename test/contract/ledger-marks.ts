import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Mark, mergeMarks } from '../../src/model/mark.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { BUCKET_MS, type RollupEntry } from '../../src/storage/ports/ledger.ts'
import { level, mark } from '../support/marks.ts'
import { MARCH, rollup } from '../support/rollups.ts'
import type { LedgerDriver } from './ledger.ts'

/** What every LedgerStore promises of meters that cannot be added up, and of dimensions. */
export function ledgerMarksContract(driver: LedgerDriver): void {
  describe(`marks and dimensions of a LedgerStore on ${driver.name}`, () => {
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
    const read = (from = store) =>
      Array.fromAsync(from.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }))

    test('every mark reads back as it was written, beside what is added up', async () => {
      const marks = mergeMarks([
        mark({ aggregation: 'max', quantity: '12.000000000000001' }),
        mark({ aggregation: 'latest', atMs: MARCH + 5, eventId: 'e1', quantity: '3' }),
        mark({ aggregation: 'unique_count', member: "ann'; drop table" }),
        mark({ aggregation: 'unique_count', member: 'bob' }),
        mark({ aggregation: 'leak', member: 'invalid', quantity: '2' }),
        level('7', 1_000, 'e2'),
      ])
      const entry = rollup({ quantities: { tokens: '0.1', peak: '4' }, marks })
      await apply(entry)
      expect(await read()).toEqual([entry])
    })

    test.each<{ before: Mark; after: Mark; kept: Partial<Mark>; why: string }>([
      {
        before: mark({ aggregation: 'max', quantity: '9' }),
        after: mark({ aggregation: 'max', quantity: '10' }),
        kept: { quantity: '10' },
        why: 'of two peaks the higher, by its number and not its text',
      },
      {
        before: mark({ aggregation: 'latest', atMs: MARCH + 9, eventId: 'a', quantity: '1' }),
        after: mark({ aggregation: 'latest', atMs: MARCH + 8, eventId: 'b', quantity: '2' }),
        kept: { quantity: '1', atMs: MARCH + 9 },
        why: 'of two values the later one, whichever comes first',
      },
      {
        before: mark({ aggregation: 'latest', atMs: MARCH, eventId: 'a', quantity: '1' }),
        after: mark({ aggregation: 'latest', atMs: MARCH, eventId: 'b', quantity: '2' }),
        kept: { quantity: '2', eventId: 'b' },
        why: 'of two values at one moment that of the larger id',
      },
      {
        before: level('1', 5, 'b'),
        after: level('2', 5, 'a'),
        kept: { quantity: '1' },
        why: 'of levels too',
      },
      {
        before: mark({ aggregation: 'leak', member: 'missing', quantity: '2' }),
        after: mark({ aggregation: 'leak', member: 'missing', quantity: '3' }),
        kept: { quantity: '5' },
        why: 'of leaks the sum',
      },
    ])('$why is kept', async ({ before, after, kept }) => {
      await apply(rollup({ marks: [before] }))
      await apply(rollup({ marks: [after] }))
      expect((await read())[0]?.marks).toEqual([{ ...before, ...kept }])
    })

    test('however entries are cut into batches and in whatever order, the marks are the same', async () => {
      const any = fc.oneof(
        fc.record({ aggregation: fc.constant('max' as const), quantity: fc.constantFrom('1', '9', '10') }),
        fc.record({
          aggregation: fc.constantFrom('latest' as const),
          atMs: fc.integer({ min: MARCH, max: MARCH + 3 }),
          eventId: fc.constantFrom('a', 'b'),
          quantity: fc.constantFrom('1', '2'),
        }),
        fc.record({
          aggregation: fc.constant('unique_count' as const),
          member: fc.constantFrom('x', 'y', 'z'),
        }),
        fc.record({ ms: fc.nat(3), eventId: fc.constantFrom('a', 'b'), quantity: fc.constantFrom('1', '2') }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(any, { maxLength: 20 }), fc.nat(), async (drawn, turn) => {
          const marks = drawn.map((each) =>
            'ms' in each ? level(each.quantity, each.ms, each.eventId) : mark(each),
          )
          await using one = await driver.open()
          await using many = await driver.open()
          const advance = (after: number) => ({
            nodeId: 'n',
            epoch: 1,
            afterSeq: after,
            throughSeq: after + 1,
          })
          await one.ledger.apply([rollup({ marks: mergeMarks(marks) })], advance(0))
          await many.ledger.apply([rollup({})], advance(0))
          const shuffled = marks.toSorted((a, b) => order(a, turn) - order(b, turn))
          for (const [index, each] of shuffled.entries()) {
            await many.ledger.apply([rollup({ marks: [each], requests: 0 })], advance(index + 1))
          }
          expect((await read(many))[0]?.marks).toEqual((await read(one))[0]?.marks)
        }),
        { numRuns: 30 },
      )
    })

    test('a set of thousands of values is kept whole, and a batch that repeats it adds nothing', async () => {
      const members = Array.from({ length: 3_000 }, (_, index) => `user-${String(index).padStart(5, '0')}`)
      const marks = members.map((member) => mark({ aggregation: 'unique_count', member }))
      await apply(rollup({ marks }))
      await apply(rollup({ marks: marks.slice(1_000) }))
      expect((await read())[0]?.marks.map(({ member }) => member)).toEqual(members)
    })

    test('the last level before a moment is found, for each caller and kind by itself', async () => {
      await apply(
        rollup({ marks: [level('1', 1_000), level('2', 2_000)] }),
        rollup({ bucketMs: MARCH + BUCKET_MS, marks: [level('3', BUCKET_MS)] }),
        rollup({ keyId: 'other', marks: [level('9', 500)] }),
        rollup({ tenantId: 'globex', marks: [level('5', 700), mark({ aggregation: 'max' })] }),
      )
      const levels = async (beforeMs: number, tenantId?: string) =>
        (await store.ledger.levels({ beforeMs, ...(tenantId !== undefined && { tenantId }) }))
          .map(({ tenantId: whose, keyId, mark: { quantity } }) => `${whose} ${keyId} ${quantity}`)
          .sort()
      expect(await levels(MARCH + BUCKET_MS)).toEqual(['acme key_1 2', 'acme other 9', 'globex key_1 5'])
      expect(await levels(MARCH + BUCKET_MS + 1, 'acme')).toEqual(['acme key_1 3', 'acme other 9'])
      expect(await levels(MARCH)).toEqual([])
      expect(await levels(MARCH + BUCKET_MS, 'nobody')).toEqual([])
    })

    test('calls with other dimensions are other rollups, in whatever order the dimensions are given', async () => {
      const eu = rollup({ dimensions: { region: 'eu', team: 'a' } })
      await apply(rollup({}), eu, rollup({ dimensions: { region: 'us' } }))
      await apply(rollup({ dimensions: { team: 'a', region: 'eu' } }))
      const found = await read()
      expect(found).toHaveLength(3)
      expect(found.find(({ dimensions }) => dimensions.region === 'eu')).toMatchObject({
        requests: 2,
        dimensions: { region: 'eu', team: 'a' },
      })
    })

    test('the values of dimensions are known by tenant', async () => {
      await apply(
        rollup({ dimensions: { region: 'eu', team: 'a' } }),
        rollup({ dimensions: { region: 'us' }, keyId: 'other' }),
        rollup({ tenantId: 'globex', dimensions: { region: 'asia' } }),
      )
      expect(await store.ledger.dimensionValues('acme')).toEqual(
        new Map([
          ['region', new Set(['eu', 'us'])],
          ['team', new Set(['a'])],
        ]),
      )
      expect(await store.ledger.dimensionValues('nobody')).toEqual(new Map())
    })
  })
}

function order({ aggregation, quantity, member }: Mark, turn: number): number {
  return (aggregation.length * 31 + Number(quantity) * 7 + member.length * 13 + turn) % 17
}
