import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { UsageLog, UsageLogFilter } from '../../src/storage/ports/usage-log.ts'
import { usageEvent } from '../support/usage-events.ts'
import type { UsageLogDriver } from './usage-log.ts'

const MARCH = Date.UTC(2026, 2, 1)

/** What every UsageLog promises when it is told to forget. */
export function usageLogForgettingContract(driver: UsageLogDriver): void {
  describe(`UsageLog on ${driver.name}, forgetting`, () => {
    let log: UsageLog

    beforeEach(async () => {
      log = await driver.open()
    })
    afterEach(async () => {
      await log[Symbol.asyncDispose]()
    })

    const read = (filter: UsageLogFilter = {}) => Array.fromAsync(log.events(filter))
    const events = (count: number) =>
      Array.from({ length: count }, (_, seq) =>
        usageEvent({ seq, timestampMs: MARCH + seq * 1_000, tenantId: `tenant-${seq % 3}` }),
      )

    test('takes the oldest, so many at a time, and says how many and up to where', async () => {
      await log.append(events(100))
      expect(await log.keptSinceMs()).toBe(0)
      expect(await log.forgetBefore(MARCH + 40_000, 25)).toBe(25)
      expect(await log.keptSinceMs()).toBe(MARCH + 40_000)
      expect((await read())[0]?.seq).toBe(25)
      expect(await log.forgetBefore(MARCH + 40_000, 25)).toBe(15)
      expect(await log.forgetBefore(MARCH + 40_000, 25)).toBe(0)
      expect(await read()).toEqual(events(100).slice(40))
      expect(await read({ tenantId: 'tenant-1' })).toEqual(
        events(100).filter(({ seq }) => seq >= 40 && seq % 3 === 1),
      )
      expect(await log.find(usageEvent({ seq: 39 }).id)).toBeUndefined()
      expect(await log.findByRequestId('req-39', 1)).toEqual([])
      expect(await log.findByRequestId('req-40', 1)).toHaveLength(1)
    })

    test('does nothing, and says so, when nothing is that old', async () => {
      await log.append(events(3))
      expect(await log.forgetBefore(MARCH, 100)).toBe(0)
      expect(await log.keptSinceMs()).toBe(0)
    })

    test('never takes back what was forgotten, nor positions, though all is old', async () => {
      await log.append(events(10))
      const newest = await log.newestPosition()
      await log.forgetBefore(MARCH + 1_000_000, 100)
      expect(await log.newestPosition()).toBe(newest)
      await log.append([usageEvent({ seq: 20, timestampMs: MARCH + 2_000_000, tenantId: 'tenant-1' })])
      expect((await log.appendedAfter(newest, 10)).map(({ event }) => event.seq)).toEqual([20])
      expect((await read({ tenantId: 'tenant-1' })).map(({ seq }) => seq)).toContain(20)
      await log.forgetBefore(MARCH + 1_000, 100)
      expect(await log.keptSinceMs()).toBe(MARCH + 1_000_000)
    })
  })
}
