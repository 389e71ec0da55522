import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { UsageEvent } from '../../src/model/event.ts'
import type { UsageLog } from '../../src/storage/ports/usage-log.ts'
import { usageEvent } from '../support/usage-events.ts'
import type { UsageLogDriver } from './usage-log.ts'

const MARCH = Date.UTC(2026, 2, 1)
const SPAN = { fromMs: MARCH, toMs: MARCH + 86_400_000 }

/** What every UsageLog promises of breakdowns. */
export function usageLogBreakdownContract(driver: UsageLogDriver): void {
  describe(`UsageLog on ${driver.name}, breakdowns`, () => {
    let log: UsageLog

    beforeEach(async () => {
      log = await driver.open()
    })
    afterEach(async () => {
      await log[Symbol.asyncDispose]()
    })

    const calls: readonly Partial<UsageEvent>[] = [
      { responseTimeMs: 10, bytesSent: 100, bytesReceived: 7, usageUnits: 5 },
      { responseTimeMs: 20, routeId: 'lookup', statusCode: 502, outcome: 'upstream_error', billable: false },
      { responseTimeMs: 30, keyId: 'key_2' },
      {
        tenantId: 'other',
        outcome: 'refused',
        refusal: 'rate-limited',
        statusCode: 429,
        billable: false,
        count: 17,
        responseTimeMs: 0,
      },
      { timestampMs: SPAN.toMs },
      { timestampMs: MARCH - 1 },
    ]
    const fill = () => log.append(calls.map((call, index) => usageEvent({ seq: index + 1, ...call })))

    test('count calls of a half-open span by the fields asked for, in their order', async () => {
      await fill()
      const all = { usageUnits: 8, bytesSent: 1_636, bytesReceived: 7, latencyMs: [20, 30, 30, 30] }
      expect(await log.breakdown({ ...SPAN, by: [] })).toEqual([
        {
          tenantId: '',
          keyId: '',
          routeId: '',
          refusal: '',
          requests: 20,
          refused: 17,
          failed: 1,
          billable: 2,
          ...all,
        },
      ])
      const byTenant = await log.breakdown({ ...SPAN, by: ['tenant'] })
      expect(byTenant).toMatchObject([
        { tenantId: 'acme', keyId: '', routeId: '', requests: 3, refused: 0, failed: 1, billable: 2 },
        { tenantId: 'other', requests: 17, refused: 17, latencyMs: [null, null, null, null] },
      ])
      const byRefusal = await log.breakdown({ ...SPAN, by: ['tenant', 'refusal'] })
      expect(byRefusal.map(({ tenantId, refusal, requests }) => [tenantId, refusal, requests])).toEqual([
        ['acme', '', 3],
        ['other', 'rate-limited', 17],
      ])
      const byRoute = await log.breakdown({ ...SPAN, by: ['key', 'route'], tenantId: 'acme' })
      expect(byRoute.map(({ keyId, routeId, requests }) => [keyId, routeId, requests])).toEqual([
        ['key_1', 'lookup', 1],
        ['key_1', 'search', 1],
        ['key_2', 'search', 1],
      ])
    })

    test('are empty where there is no call', async () => {
      expect(await log.breakdown({ ...SPAN, by: ['tenant'] })).toEqual([])
      expect(await log.breakdown({ ...SPAN, by: [] })).toEqual([])
    })

    test('leave the parts of long answers out of latencies, and count such a call once', async () => {
      await log.append([
        usageEvent({ seq: 1, outcome: 'open', responseTimeMs: 1_000 }),
        usageEvent({ seq: 2, count: 0, responseTimeMs: 500 }),
        usageEvent({ seq: 3, responseTimeMs: 8 }),
      ])
      expect(await log.breakdown({ ...SPAN, by: [] })).toMatchObject([
        { requests: 2, latencyMs: [8, 8, 8, 8] },
      ])
    })

    test('give exact quantiles: the smallest time that so many calls do not exceed', async () => {
      let seq = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(50), { minLength: 1, maxLength: 120 }), async (times) => {
          const routeId = `route-${seq}`
          await log.append(
            times.map((responseTimeMs) => {
              seq += 1
              return usageEvent({ seq, routeId, responseTimeMs })
            }),
          )
          const rows = await log.breakdown({ ...SPAN, by: ['route'] })
          const sorted = times.toSorted((one, other) => one - other)
          const expected = [0.5, 0.95, 0.99, 1].map((share) => sorted[Math.ceil(share * times.length) - 1])
          expect(rows.find((row) => row.routeId === routeId)?.latencyMs).toEqual(expected)
        }),
        { numRuns: 15 },
      )
    })
  })
}
