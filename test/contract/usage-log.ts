import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { UsageEvent } from '../../src/model/event.ts'
import type { UsageLog, UsageLogFilter } from '../../src/storage/ports/usage-log.ts'
import { usageEvent } from '../support/usage-events.ts'

export interface UsageLogDriver {
  readonly name: string
  /** A new, empty log. */
  open(): Promise<UsageLog>
}

const MARCH = Date.UTC(2026, 2, 1)

/** What every UsageLog promises. A new driver is done when this passes on it. */
export function usageLogContract(driver: UsageLogDriver): void {
  describe(`UsageLog on ${driver.name}`, () => {
    let log: UsageLog

    beforeEach(async () => {
      log = await driver.open()
    })
    afterEach(async () => {
      await log[Symbol.asyncDispose]()
    })

    const read = (filter: UsageLogFilter = {}) => Array.fromAsync(log.events(filter))
    const admissions = (fromMs: number, stepMs: number) => Array.fromAsync(log.admissions(fromMs, stepMs))

    describe('appending', () => {
      test('keeps every field of an event as it was', async () => {
        const event = usageEvent({
          outcome: 'refused',
          refusal: 'rate-limited',
          billable: false,
          quantities: { tokens: '12.000000000000001' },
          dimensions: { region: "eu'; DROP TABLE events; --", naïve: '=1+1\n☃' },
          clientIp: '203.0.113.9',
          bytesSent: Number.MAX_SAFE_INTEGER,
          count: 17,
        })
        await log.append([event])
        expect(await log.find(event.id)).toEqual(event)
      })

      test('leaves an event whose id is there already as it is', async () => {
        const first = usageEvent({ statusCode: 200 })
        await log.append([first])
        await log.append([{ ...first, statusCode: 500 }, usageEvent({ seq: 2 })])
        expect(await read()).toEqual([first, usageEvent({ seq: 2 })])
      })

      test('takes one id only once within a batch as well', async () => {
        await log.append([usageEvent(), usageEvent()])
        expect(await read()).toEqual([usageEvent()])
      })

      test('takes an empty batch', async () => {
        await log.append([])
        expect(await read()).toEqual([])
      })

      test('writes all of a batch or nothing', async () => {
        const bad = { ...usageEvent({ seq: 2 }), tenantId: null } as unknown as UsageEvent
        await expect(log.append([usageEvent(), bad])).rejects.toThrow()
        expect(await read()).toEqual([])
        expect(await log.watermark({ nodeId: 'node-1', epoch: 1 })).toBe(0)
      })
    })

    test('keeps what a client called its request, and our id where it did not', async () => {
      const [own, given] = [usageEvent({ seq: 1 }), usageEvent({ seq: 2, requestId: '' })] as const
      await log.append([own, given, { ...usageEvent({ seq: 3 }), requestId: usageEvent({ seq: 3 }).id }])
      expect(await log.find(own.id)).toEqual(own)
      expect(await log.find(given.id)).toEqual(given)
      expect(await log.find(usageEvent({ seq: 3 }).id)).toMatchObject({
        requestId: usageEvent({ seq: 3 }).id,
      })
    })

    test.each<Partial<UsageEvent>>([
      { tenantId: 'other' },
      { tenantId: '' },
      { keyId: 'other' },
      { planId: 'other' },
      { planVersion: 2 },
      { subscriptionId: 'other' },
      { source: 'api' },
      { apiId: 'other' },
      { routeId: 'other' },
      { method: 'POST' },
      { statusCode: 201 },
      { outcome: 'client_aborted' },
      { refusal: 'rate-limited' },
      { billable: false },
      { nodeId: 'node-2' },
      { epoch: 2 },
      { endpoint: '/v1/other' },
      { count: 2 },
      { clientIp: '203.0.113.9' },
      { quantities: { tokens: '1' } },
      { dimensions: { region: 'eu' } },
    ])('does not mix up events that differ in %o only', async (difference) => {
      const [one, other] = [usageEvent({ seq: 1 }), usageEvent({ seq: 2, ...difference })] as const
      const again = { ...other, id: usageEvent({ seq: 3 }).id, seq: 3, timestampMs: MARCH + 3 }
      await log.append([one, other])
      await log.append([again])
      expect(await read()).toEqual([one, other, again])
    })

    test('what a broken-off batch was the first to name is not mixed up later', async () => {
      const lost = usageEvent({ seq: 1, tenantId: 'lost', keyId: 'lost', routeId: 'lost', nodeId: 'lost' })
      const bad = { ...usageEvent({ seq: 2 }), endpoint: null } as unknown as UsageEvent
      await expect(log.append([lost, bad])).rejects.toThrow()
      const next = usageEvent({ seq: 3, tenantId: 'next', keyId: 'next', routeId: 'next', nodeId: 'next' })
      await log.append([next])
      await log.append([lost])
      expect(await read()).toEqual([lost, next])
      expect(await read({ tenantId: 'lost' })).toEqual([lost])
      expect(await log.watermark({ nodeId: 'lost', epoch: 1 })).toBe(1)
    })

    describe('the watermark', () => {
      test('is the highest seq of that node and epoch, 0 without any', async () => {
        await log.append([usageEvent({ seq: 5 }), usageEvent({ seq: 4 })])
        await log.append([usageEvent({ seq: 2 }), usageEvent({ seq: 9, id: '1', epoch: 2 })])
        expect(await log.watermark({ nodeId: 'node-1', epoch: 1 })).toBe(5)
        expect(await log.watermark({ nodeId: 'node-1', epoch: 2 })).toBe(9)
        expect(await log.watermark({ nodeId: 'node-2', epoch: 1 })).toBe(0)
      })
    })

    describe('reading', () => {
      test('finds nothing under an unknown id', async () => {
        expect(await log.find('01KJKT8Z00ABCDE00100000000')).toBeUndefined()
      })

      test('finds the events of a request by the id its answer carried', async () => {
        const ours = usageEvent({ seq: 1 }).id
        const own = usageEvent({ seq: 1, requestId: ours })
        const given = [2, 3, 4].map((seq) => usageEvent({ seq, requestId: 'order-7' }))
        // A client may call its request what we called an event.
        const borrowed = usageEvent({ seq: 5, requestId: ours })
        await log.append([own, ...given, borrowed, usageEvent({ seq: 6 })])
        expect(await log.findByRequestId('order-7', 10)).toEqual(given)
        expect(await log.findByRequestId('order-7', 2)).toEqual(given.slice(1))
        expect((await log.findByRequestId(ours, 10)).toSorted((one, other) => one.seq - other.seq)).toEqual([
          own,
          borrowed,
        ])
        expect(await log.findByRequestId(given[0]?.id ?? '', 10)).toEqual([])
        expect(await log.findByRequestId('order-8', 10)).toEqual([])
      })

      test('gives what was appended after a position, each event once, whatever its time', async () => {
        expect(await log.newestPosition()).toBe(0)
        await log.append([usageEvent({ seq: 9 })])
        const start = await log.newestPosition()
        await log.append([usageEvent({ seq: 1 }), usageEvent({ seq: 2 })])
        await log.append([usageEvent({ seq: 2 }), usageEvent({ seq: 3 })])
        const first = await log.appendedAfter(start, 2)
        const rest = await log.appendedAfter(first.at(-1)?.position ?? 0, 10)
        expect([...first, ...rest].map(({ event }) => event.seq)).toEqual([1, 2, 3])
        expect(rest.at(-1)?.position).toBe(await log.newestPosition())
        expect(await log.appendedAfter(await log.newestPosition(), 10)).toEqual([])
      })

      test('gives the newest up to a position, in the order they were appended', async () => {
        expect(await log.appendedBefore(await log.newestPosition(), 10)).toEqual([])
        await log.append([usageEvent({ seq: 3 }), usageEvent({ seq: 1 })])
        await log.append([usageEvent({ seq: 2 }), usageEvent({ seq: 4 })])
        const newest = await log.newestPosition()
        const last = await log.appendedBefore(newest, 3)
        expect(last.map(({ event }) => event.seq)).toEqual([1, 2, 4])
        expect(last.at(-1)?.position).toBe(newest)
        const rest = await log.appendedBefore((last[0]?.position ?? 0) - 1, 3)
        expect(rest.map(({ event }) => event.seq)).toEqual([3])
      })

      test('gives events in the order of time, then id, whatever order they came in', async () => {
        const early = usageEvent({ id: 'c', timestampMs: MARCH })
        const lateA = usageEvent({ id: 'a', timestampMs: MARCH + 1 })
        const lateB = usageEvent({ id: 'b', timestampMs: MARCH + 1 })
        await log.append([lateB, lateA])
        await log.append([early])
        expect(await read()).toEqual([early, lateA, lateB])
        expect(await read({ tenantId: 'acme' })).toEqual([early, lateA, lateB])
      })

      test.each([undefined, 'acme'])('takes a half-open span of time, tenant %s', async (tenantId) => {
        const events = [0, 1, 2, 3].map((seq) => usageEvent({ seq, timestampMs: MARCH + seq }))
        await log.append(events)
        const filter = { fromMs: MARCH + 1, toMs: MARCH + 3, ...(tenantId && { tenantId }) }
        expect(await read(filter)).toEqual(events.slice(1, 3))
      })

      test('narrows to one tenant, also to events that came after it was read last', async () => {
        const [mine, other, next] = [
          usageEvent({ seq: 1 }),
          usageEvent({ seq: 2, tenantId: 'other' }),
          usageEvent({ seq: 3 }),
        ] as const
        await log.append([mine, other])
        expect(await read({ tenantId: 'acme' })).toEqual([mine])
        await log.append([next])
        expect(await read({ tenantId: 'acme' })).toEqual([mine, next])
        expect(await read({ tenantId: 'nobody' })).toEqual([])
      })

      test.each([undefined, 'acme'])('gives each of many events once, tenant %s', async (tenantId) => {
        // Many share a millisecond, so pages end in the middle of one.
        const events = Array.from({ length: 2_500 }, (_, seq) =>
          usageEvent({ seq, timestampMs: MARCH + Math.floor(seq / 700) }),
        )
        await log.append(events.toReversed())
        const filter = tenantId === undefined ? {} : { tenantId }
        expect(await read(filter)).toEqual(events)
        expect(await read({ ...filter, limit: 1_001 })).toEqual(events.slice(0, 1_001))
        expect(await read({ ...filter, limit: 0 })).toEqual([])
      })

      test('does not hold up a writer, who may append while a reader is half way', async () => {
        await log.append([usageEvent({ seq: 1 }), usageEvent({ seq: 2 })])
        let seq = 100
        const seen: number[] = []
        for await (const event of log.events({ limit: 2 })) {
          seen.push(event.seq)
          await log.append([usageEvent({ seq: seq++ })])
        }
        expect(seen).toEqual([1, 2])
      })
    })

    describe('admissions', () => {
      test('are counted per tenant, key, route and time step, with their units', async () => {
        await log.append([
          usageEvent({ seq: 1, timestampMs: MARCH, usageUnits: 5 }),
          usageEvent({ seq: 2, timestampMs: MARCH + 999, usageUnits: 5 }),
          usageEvent({ seq: 3, timestampMs: MARCH + 1_000 }),
          usageEvent({ seq: 4, timestampMs: MARCH + 1, keyId: 'key_2' }),
          usageEvent({ seq: 5, timestampMs: MARCH + 1, routeId: 'lookup' }),
          usageEvent({ seq: 6, timestampMs: MARCH + 1, tenantId: 'other' }),
        ])
        const place = { tenantId: 'acme', keyId: 'key_1', routeId: 'search' }
        expect(await admissions(MARCH, 1_000)).toEqual([
          { timestampMs: MARCH, ...place, routeId: 'lookup', requests: 1, units: 1 },
          { timestampMs: MARCH, ...place, requests: 2, units: 10 },
          { timestampMs: MARCH, ...place, keyId: 'key_2', requests: 1, units: 1 },
          { timestampMs: MARCH, ...place, tenantId: 'other', requests: 1, units: 1 },
          { timestampMs: MARCH + 1_000, ...place, requests: 1, units: 1 },
        ])
      })

      test('with a step of 1 are exact moments, and one row may stand for several requests', async () => {
        await log.append([usageEvent({ timestampMs: MARCH + 7, count: 3, usageUnits: 6 })])
        expect(await admissions(MARCH, 1)).toMatchObject([{ timestampMs: MARCH + 7, requests: 3, units: 6 }])
      })

      test('are neither refusals nor calls without a tenant, but failed calls as well', async () => {
        await log.append([
          usageEvent({ seq: 1, outcome: 'refused', refusal: 'rate-limited' }),
          usageEvent({ seq: 2, tenantId: '' }),
          usageEvent({ seq: 3, outcome: 'upstream_error', billable: false }),
          usageEvent({ seq: 4, outcome: 'client_aborted' }),
        ])
        expect((await admissions(0, 1)).map(({ timestampMs }) => timestampMs)).toEqual([MARCH + 3, MARCH + 4])
      })

      test('begin at the given moment, even inside a step', async () => {
        await log.append([1, 2, 3].map((seq) => usageEvent({ seq, timestampMs: MARCH + seq })))
        expect(await admissions(MARCH + 2, 60_000)).toMatchObject([{ timestampMs: MARCH, requests: 2 }])
        expect(await admissions(MARCH + 4, 60_000)).toEqual([])
      })

      test.each([1, 60, 60_000])(
        'of many events are complete, each step given once, step %d ms',
        async (stepMs) => {
          const events = Array.from({ length: 45_000 }, (_, seq) =>
            usageEvent({ seq, timestampMs: MARCH + Math.floor(seq / 9) * 7, keyId: `key_${seq % 2}` }),
          )
          await log.append(events)
          const found = await admissions(MARCH, stepMs)
          expect(found.reduce((sum, { requests }) => sum + requests, 0)).toBe(45_000)
          const names = found.map(({ timestampMs, keyId }) => `${timestampMs} ${keyId}`)
          expect(new Set(names).size).toBe(names.length)
          expect(names).toEqual(names.toSorted())
        },
      )
    })
  })
}
