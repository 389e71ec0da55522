import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Caller } from '../../src/gateway/call-plan.ts'
import { Exchange } from '../../src/gateway/exchange.ts'
import { MeterClient } from '../../src/gateway/meter.ts'
import { Refusal } from '../../src/gateway/refusal.ts'
import { RefusalLog } from '../../src/gateway/refusal-log.ts'
import { Rules } from '../../src/gateway/rules.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { decodeEvents } from '../../src/metering/event-decoder.ts'
import type { MeterAnswer, MeterBatch } from '../../src/metering/meter-messages.ts'
import { NOON, PLANS } from '../support/control-store.ts'
import { apiOn, route } from '../support/gateway.ts'
import { OWN_PATHS } from '../support/gateway-defaults.ts'
import { until } from '../support/until.ts'

const LIMITED = new Refusal('rate-limited', 'The limit is used up.')
const GATED = new Refusal('route-not-in-plan', 'Not in the plan.')

/** A refusal log whose meter is the other end of a channel: what is handed over is kept here. */
function opened() {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  const batches: MeterBatch[] = []
  port2.on('message', (batch: MeterBatch) => {
    batches.push(batch)
    answer({ kind: 'durable', throughBatch: batch.batch })
  })
  const answer = (message: MeterAnswer) => port2.postMessage(message)
  const meter = new MeterClient(port1, true)
  const clock = new ManualClock(NOON)
  const log = new RefusalLog(meter, clock)
  const rules = new Rules({ apis: [apiOn(1)], plans: PLANS, features: [], meters: [], ownPaths: OWN_PATHS })
  const callers = new Map(['key_1', 'key_2'].map((keyId) => [keyId, new Caller(grant(keyId), rules)]))
  const refuse = (keyId = 'key_1', refusal = LIMITED) => {
    const matched = { api: apiOn(1), route: route({ id: 'search' }) }
    const caller = callers.get(keyId)!
    const limits = { counters: [], ...NO_QUOTA, policy: '', validUntilMs: Number.POSITIVE_INFINITY }
    log.record(exchangeAt(clock.nowMs()), '/v1/search', { matched, caller, refusal, limits }, refusal)
  }
  const rows = async () => {
    await meter.drained()
    return batches.flatMap(({ lines }) =>
      decodeEvents(Buffer.from(lines).toString(), { nodeId: 'n', epoch: 1, firstSeq: 1 }),
    )
  }
  return { log, clock, refuse, rows, meter, answer }
}

const NO_QUOTA = { hasQuota: false, hasConcurrent: false }

let made = 0

function exchangeAt(startMs: number): Exchange {
  made += 1
  return new Exchange({
    request: { method: 'GET' } as never,
    response: {} as never,
    startMs,
    startMonotonicMs: startMs,
    eventId: `event-${made}`,
    early: undefined,
  })
}

function grant(keyId: string) {
  return {
    keyId,
    keyMode: 'live',
    keyState: 'active',
    routes: null,
    ips: null,
    overrides: null,
    expiresAtMs: null,
    tenantId: 'acme',
    tenantState: 'active',
    planId: 'free',
    planVersion: 1,
    subscriptionId: 'sub_1',
    planUntilMs: null,
    anchorMs: null,
    planSinceMs: null,
  } as const
}

const total = (rows: readonly { readonly count: number }[]) => rows.reduce((sum, row) => sum + row.count, 0)

describe('a flood of refusals', () => {
  test('few are logged one by one', async () => {
    const { refuse, rows } = opened()
    for (let call = 0; call < 10; call += 1) refuse()
    expect((await rows()).map((row) => row.count)).toEqual(Array(10).fill(1))
  })

  test('many in one second are ten rows and one that counts the rest', async () => {
    const { log, refuse, rows } = opened()
    for (let call = 0; call < 5_000; call += 1) refuse()
    log.flush()
    expect((await rows()).map((row) => row.count)).toEqual([...Array(10).fill(1), 4_990])
    expect(await rows()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          outcome: 'refused',
          refusal: 'rate-limited',
          billable: false,
          usageUnits: 0,
          statusCode: 429,
        }),
      ]),
    )
  })

  test('each key, route and reason is counted on its own, and each second anew', async () => {
    const { log, clock, refuse, rows } = opened()
    for (let second = 0; second < 2; second += 1) {
      for (let call = 0; call < 20; call += 1) {
        refuse('key_1')
        refuse('key_2')
        refuse('key_1', GATED)
      }
      clock.advance(1_000)
    }
    log.flush()
    const all = await rows()
    expect(all).toHaveLength(2 * 3 * 11)
    expect(total(all)).toBe(120)
    expect(total(all.filter((row) => row.keyId === 'key_1' && row.refusal === 'rate-limited'))).toBe(40)
    const sums = all.filter((row) => row.count > 1)
    expect(new Set(sums.map((row) => Math.floor(row.timestampMs / 1_000))).size).toBe(2)
  })

  test('whatever comes, the counts add up and no id comes twice', async () => {
    const step = fc.oneof(
      fc.record({ keyId: fc.constantFrom('key_1', 'key_2'), times: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ advanceMs: fc.integer({ min: -500, max: 1_500 }) }),
      fc.constant('flush' as const),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { log, clock, refuse, rows } = opened()
        let calls = 0
        for (const each of steps) {
          if (each === 'flush') log.flush()
          else if ('advanceMs' in each) clock.advance(each.advanceMs)
          else {
            for (let call = 0; call < each.times; call += 1) refuse(each.keyId)
            calls += each.times
          }
        }
        log.flush(true)
        const all = await rows()
        expect(total(all)).toBe(calls)
        expect(new Set(all.map((row) => row.id)).size).toBe(all.length)
      }),
      { numRuns: 100 },
    )
  })
})

describe('while events cannot be written', () => {
  test('it adds up instead of filling the memory, and writes the sum when the disk is back', async () => {
    const { log, clock, refuse, rows, meter, answer } = opened()
    answer({ kind: 'down' })
    await until('the meter is down', () => !meter.available || undefined)
    for (let second = 0; second < 5; second += 1) {
      for (let call = 0; call < 100; call += 1) refuse()
      clock.advance(1_000)
      log.flush()
    }
    expect(await rows()).toEqual([])
    answer({ kind: 'up' })
    await until('the meter is up', () => meter.available || undefined)
    log.flush()
    expect((await rows()).map((row) => row.count)).toEqual([500])
  })

  test('the last flush of a thread writes what there is all the same', async () => {
    const { log, refuse, rows, meter, answer } = opened()
    answer({ kind: 'down' })
    await until('the meter is down', () => !meter.available || undefined)
    refuse()
    log.flush(true)
    expect(total(await rows())).toBe(1)
  })
})
