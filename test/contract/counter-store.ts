import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Counter, type CounterSpec, type CounterStore } from '../../src/storage/ports/counters.ts'
import { quotaPeriodContract } from './quota-periods.ts'

export interface CounterDriver {
  readonly name: string
  open(): Promise<CounterStore>
}

const NOW = Date.UTC(2026, 2, 10, 12)
const MINUTE = 60_000

/** What every CounterStore with the caller's clock promises. A new driver is done when this passes on it. */
export function counterStoreContract(driver: CounterDriver): void {
  quotaPeriodContract(driver)
  describe(`CounterStore on ${driver.name}`, () => {
    let store: CounterStore

    beforeEach(async () => {
      store = await driver.open()
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
    })

    const admitted = async (counters: readonly Counter[], nowMs: number) =>
      (await store.take(counters, nowMs)).outcome === 'admitted'

    test('admits exactly the limit, then refuses with the moment the oldest call leaves', async () => {
      const minute = window({ amount: 3 })
      expect(await store.take([minute], NOW)).toMatchObject({ outcome: 'admitted', remaining: [2] })
      expect(await store.take([minute], NOW + 10)).toMatchObject({ outcome: 'admitted', remaining: [1] })
      expect(await store.take([minute], NOW + 20)).toMatchObject({
        outcome: 'admitted',
        remaining: [0],
        resetAtMs: [NOW + MINUTE],
      })
      expect(await store.take([minute], NOW + 30)).toEqual({
        outcome: 'refused',
        remaining: [0],
        resetAtMs: [NOW + MINUTE],
        violated: [0],
      })
      expect(await admitted([minute], NOW + MINUTE - 1)).toBe(false)
      expect(await admitted([minute], NOW + MINUTE)).toBe(true)
    })

    test('a burst at the end of one minute leaves nothing for the start of the next', async () => {
      const minute = window({ amount: 100 })
      const endOfMinute = NOW - 1
      for (let call = 0; call < 100; call += 1) expect(await admitted([minute], endOfMinute)).toBe(true)
      expect(await admitted([minute], NOW)).toBe(false)
      expect(await admitted([minute], endOfMinute + MINUTE)).toBe(true)
    })

    test('takes from all counters or from none', async () => {
      const wide = window({ name: 'rl:{acme}:*:wide', id: 'wide', amount: 10 })
      const narrow = window({ name: 'rl:{acme}:*:narrow', id: 'narrow', amount: 1 })
      await store.take([wide, narrow], NOW)
      const refused = await store.take([wide, narrow], NOW)
      expect(refused).toMatchObject({ outcome: 'refused', violated: [1], remaining: [9, 0] })
      expect(await store.take([wide], NOW)).toMatchObject({ remaining: [8] })
    })

    test('of many calls that race, exactly the limit win', async () => {
      const minute = window({ amount: 10 })
      const decisions = await Promise.all(Array.from({ length: 50 }, async () => store.take([minute], NOW)))
      expect(decisions.filter((decision) => decision.outcome === 'admitted')).toHaveLength(10)
    })

    test('a call that costs more takes more, and may never pass when it costs more than the limit', async () => {
      const units = window({ amount: 10, cost: 4 })
      expect(await store.take([units], NOW)).toMatchObject({ remaining: [6] })
      expect(await store.take([units], NOW)).toMatchObject({ remaining: [2] })
      expect(await store.take([units], NOW)).toMatchObject({ outcome: 'refused', remaining: [2] })
      const tooDear = window({ name: 'rl:{acme}:*:dear', amount: 3, cost: 4 })
      expect(await store.take([tooDear], NOW)).toMatchObject({
        outcome: 'refused',
        resetAtMs: [NOW + MINUTE],
      })
    })

    test('tenants do not share a counter', async () => {
      const acme = window({ amount: 1 })
      const other = window({ amount: 1, tenantId: 'other', name: 'rl:{other}:*:tenant-minute' })
      expect(await admitted([acme], NOW)).toBe(true)
      expect(await admitted([other], NOW)).toBe(true)
      expect(await admitted([acme], NOW)).toBe(false)
    })

    test('a limit above 1,000 is never passed and frees a place at most 1/60 of the window late', async () => {
      const hour = window({ amount: 2_000, kind: 'steps', windowMs: 60 * MINUTE })
      for (let call = 0; call < 2_000; call += 1) expect(await admitted([hour], NOW)).toBe(true)
      expect(await admitted([hour], NOW + 60 * MINUTE - 1)).toBe(false)
      expect(await admitted([hour], NOW + 61 * MINUTE)).toBe(true)
    })

    test('a changed limit keeps what was counted', async () => {
      for (let call = 0; call < 5; call += 1) await store.take([window({ amount: 5 })], NOW + call)
      const larger = window({ amount: 2_000, kind: 'steps' })
      expect(await store.take([larger], NOW + 10)).toMatchObject({ outcome: 'admitted', remaining: [1994] })
      const smaller = window({ amount: 6 })
      expect(await store.take([smaller], NOW + 20)).toMatchObject({ outcome: 'refused', remaining: [0] })
    })

    test('a quota counts its period and starts anew in the next', async () => {
      const march = quota(NOW, NOW + 31 * 24 * 60 * MINUTE)
      expect(await store.take([march], NOW)).toMatchObject({ remaining: [1] })
      expect(await store.take([march], NOW)).toMatchObject({ remaining: [0] })
      expect(await store.take([march], NOW)).toMatchObject({
        outcome: 'refused',
        resetAtMs: [march.periodEndMs],
      })
      const april = quota(march.periodEndMs, march.periodEndMs + 30 * 24 * 60 * MINUTE)
      expect(await store.take([april], march.periodEndMs)).toMatchObject({ outcome: 'admitted' })
    })

    test('gives a quota back, and keeps the window of the same call', async () => {
      const minute = window({ amount: 10 })
      const month = quota(NOW, NOW + 31 * 24 * 60 * MINUTE)
      await store.take([minute, month], NOW)
      await store.giveBack([minute, month])
      expect(await store.take([minute, month], NOW)).toMatchObject({ remaining: [8, 1] })
    })

    describe('calls in flight', () => {
      const places = (amount: number) =>
        window({ name: 'rl:{acme}:*:at-once', id: 'at-once', kind: 'concurrent', amount, windowMs: 0 })

      test('are never more than the limit, and a place frees when one ends, not with time', async () => {
        const three = places(3)
        for (const left of [2, 1, 0]) {
          expect(await store.take([three], NOW)).toMatchObject({ outcome: 'admitted', remaining: [left] })
        }
        const refused = await store.take([three], NOW + 1)
        expect(refused).toMatchObject({ outcome: 'refused', violated: [0], remaining: [0] })
        expect(refused.resetAtMs[0]).toBeGreaterThan(NOW + 1)
        expect(await admitted([three], NOW + 400 * 24 * 60 * MINUTE)).toBe(false)
        await store.release([three])
        expect(await admitted([three], NOW)).toBe(true)
        expect(await admitted([three], NOW)).toBe(false)
      })

      test('hold nothing when another limit refuses, and give no window or quota back when they end', async () => {
        const [three, minute] = [places(3), window({ amount: 1 })]
        const month = quota(NOW, NOW + 31 * 24 * 60 * MINUTE)
        const all = [three, minute, month]
        expect(await store.take(all, NOW)).toMatchObject({ outcome: 'admitted', remaining: [2, 0, 1] })
        expect(await store.take(all, NOW)).toMatchObject({ outcome: 'refused', violated: [1] })
        await store.giveBack(all)
        expect(await store.peek(all, NOW)).toMatchObject({ remaining: [2, 0, 2] })
        await store.release(all)
        expect(await store.peek(all, NOW)).toMatchObject({ remaining: [3, 0, 2] })
      })

      test('that end once too often make no room beyond the limit', async () => {
        const two = places(2)
        await store.release([two])
        await store.take([two], NOW)
        await store.release([two])
        await store.release([two])
        for (const wanted of [true, true, false]) expect(await admitted([two], NOW)).toBe(wanted)
      })

      test('stay counted when the limit changes', async () => {
        for (let call = 0; call < 4; call += 1) await store.take([places(4)], NOW)
        expect(await admitted([places(3)], NOW)).toBe(false)
        await store.release([places(3)])
        expect(await admitted([places(3)], NOW)).toBe(false)
        await store.release([places(3)])
        expect(await admitted([places(3)], NOW)).toBe(true)
        expect(await store.take([places(9)], NOW)).toMatchObject({ remaining: [5] })
      })

      test('and a window under one name do not mix: who changes one to the other begins anew', async () => {
        const minute = window({ name: 'rl:{acme}:*:at-once', id: 'at-once', amount: 2 })
        for (let call = 0; call < 2; call += 1) await store.take([places(2)], NOW)
        expect(await store.take([minute], NOW)).toMatchObject({ outcome: 'admitted', remaining: [1] })
        await store.release([places(2)])
        expect(await store.peek([minute], NOW)).toMatchObject({ remaining: [1] })
        expect(await store.take([places(2)], NOW)).toMatchObject({ outcome: 'admitted', remaining: [1] })
      })

      test('whatever begins and ends in whatever order: room is what the limit says less what is in flight', async () => {
        const steps = fc.array(fc.constantFrom('begin', 'begin', 'end'), { maxLength: 60 })
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 1, max: 5 }), steps, fc.uuid(), async (amount, order, id) => {
            const counter = window({ name: `rl:{acme}:*:${id}`, id, kind: 'concurrent', amount, windowMs: 0 })
            let inFlight = 0
            for (const step of order) {
              if (step === 'begin') {
                const { outcome } = await store.take([counter], NOW)
                expect(outcome).toBe(inFlight < amount ? 'admitted' : 'refused')
                if (outcome === 'admitted') inFlight += 1
              } else if (inFlight > 0) {
                await store.release([counter])
                inFlight -= 1
              }
              const { remaining } = await store.peek([counter], NOW)
              expect(remaining).toEqual([amount - inFlight])
            }
            while (inFlight > 0) {
              await store.release([counter])
              inFlight -= 1
            }
          }),
          { numRuns: 200 },
        )
      })
    })

    test('restored calls count as if they had been admitted here', async () => {
      const day = window({ name: 'rl:{acme}:*:tenant-day', amount: 100, windowMs: 24 * 60 * MINUTE })
      for (let call = 0; call < 60; call += 1) await store.restore(day, NOW - 3_600_000 + call, 1)
      const month = quota(NOW - 1, NOW + MINUTE, 50)
      await store.restore(month, NOW, 20)
      expect(await store.take([day, month], NOW)).toMatchObject({ remaining: [39, 29] })
    })

    test('what is restored up to an amount counts what is missing until then, whoever says so and how often', async () => {
      const day = window({ name: 'rl:{acme}:*:tenant-day', amount: 100, windowMs: 24 * 60 * MINUTE })
      const steps = window({ name: 'rl:{acme}:*:steps', amount: 2_000, kind: 'steps', windowMs: 60 * MINUTE })
      const month = quota(NOW - 1, NOW + MINUTE, 50)
      // Two of the ten came after the counter was there.
      for (let call = 0; call < 2; call += 1) await store.take([day, steps, month], NOW)
      for (let again = 0; again < 3; again += 1) {
        for (let call = 1; call <= 10; call += 1) {
          await store.restore(day, NOW, 1, call)
          await store.restore(steps, NOW, 3, 3 * call)
        }
        await store.restore(month, NOW, 10, 10)
      }
      await store.restore(month, NOW, 4, 4)
      expect(await store.peek([day, steps, month], NOW)).toMatchObject({ remaining: [90, 1_970, 40] })
    })

    test('a clock that steps back never opens a window early', async () => {
      const minute = window({ amount: 1 })
      expect(await admitted([minute], NOW)).toBe(true)
      expect(await admitted([minute], NOW - 3_600_000)).toBe(false)
      expect(await admitted([minute], NOW + MINUTE)).toBe(true)
    })
  })
}

function window(spec: Partial<CounterSpec>): Counter {
  return new Counter({
    tenantId: 'acme',
    name: 'rl:{acme}:*:tenant-minute',
    kind: 'log',
    id: 'tenant-minute',
    amount: 10,
    cost: 1,
    windowMs: MINUTE,
    ...spec,
  })
}

function quota(periodStartMs: number, periodEndMs: number, amount = 2): Counter {
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
