import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Counter, type CounterStore } from '../../src/storage/ports/counters.ts'
import type { CounterDriver } from './counter-store.ts'

const NOW = Date.UTC(2026, 2, 10, 12)
const MINUTE = 60_000

/** What every CounterStore promises of quotas whose periods differ: part of `counterStoreContract`. */
export function quotaPeriodContract(driver: CounterDriver): void {
  describe(`periods of quotas on ${driver.name}`, () => {
    let store: CounterStore

    beforeEach(async () => {
      store = await driver.open()
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
    })

    test('a quota that a plan counts per day and another per month is two counts, each with all it counted', async () => {
      const DAY = 24 * 60 * MINUTE
      const day = quota(NOW - 12 * 60 * MINUTE, NOW + 12 * 60 * MINUTE, 10)
      const month = quota(day.periodStartMs - 9 * DAY, day.periodStartMs + 22 * DAY, 10)
      for (const left of [9, 8]) expect(await store.take([day], NOW)).toMatchObject({ remaining: [left] })
      // The tenant moves, and one of its calls still goes by the plan before.
      for (const left of [9, 8, 7])
        expect(await store.take([month], NOW)).toMatchObject({ remaining: [left] })
      expect(await store.take([day], NOW)).toMatchObject({ remaining: [7] })
      await store.giveBack([month])
      expect(await store.peek([month], NOW)).toMatchObject({ remaining: [8] })
      await store.giveBack([day])
      expect(await store.peek([day], NOW)).toMatchObject({ remaining: [8] })
      // The day is over, the month is not.
      expect(await store.peek([month], NOW + 5 * DAY)).toMatchObject({ remaining: [8] })
    })

    test('a quota that ends when another does and begins later is another count', async () => {
      const carried = quota(NOW - 9 * 24 * 60 * MINUTE, NOW + 21 * 24 * 60 * MINUTE, 10)
      const fresh = quota(NOW - MINUTE, carried.periodEndMs, 10)
      await store.take([fresh], NOW)
      expect(await store.take([carried], NOW)).toMatchObject({ remaining: [9] })
      await store.giveBack([carried])
      expect(await store.peek([carried], NOW)).toMatchObject({ remaining: [10] })
      expect(await store.peek([fresh], NOW)).toMatchObject({ remaining: [9] })
    })

    test('what is told or given back late belongs to the period it was let through in', async () => {
      const march = quota(NOW - 31 * 24 * 60 * MINUTE, NOW, 10)
      const april = quota(NOW, NOW + 30 * 24 * 60 * MINUTE, 10)
      await store.take([march], NOW - 1)
      await store.take([april], NOW)
      await store.restore(march, NOW - 1, 5)
      expect(await store.peek([april], NOW + 1)).toMatchObject({ remaining: [9] })
      await store.giveBack([march])
      expect(await store.peek([april], NOW + 1)).toMatchObject({ remaining: [9] })
    })

    test('what is told late of a period nobody counted in is not of the one that holds', async () => {
      const april = quota(NOW, NOW + 30 * 24 * 60 * MINUTE, 10)
      await store.take([april], NOW)
      await store.restore(quota(NOW - 31 * 24 * 60 * MINUTE, NOW, 10), NOW - 1, 5)
      expect(await store.peek([april], NOW + 1)).toMatchObject({ remaining: [9] })
    })
  })
}

function quota(periodStartMs: number, periodEndMs: number, amount: number): Counter {
  return new Counter({
    tenantId: 'acme',
    name: 'q:{acme}:calls-month',
    kind: 'quota',
    id: 'calls-month',
    amount,
    cost: 1,
    windowMs: 0,
    periodStartMs,
    periodEndMs,
  })
}
