import { systemClock } from '../../../src/lib/clock.ts'
import { UlidMaker } from '../../../src/lib/id.ts'
import { rollUp } from '../../../src/metering/roll-up.ts'
import type { UsageEvent } from '../../../src/model/event.ts'
import type { ControlStore } from '../../../src/storage/ports/control-store.ts'

/** The month that is filled. */
export const MONTH = { startMs: Date.UTC(2026, 9, 1), endMs: Date.UTC(2026, 10, 1) }

const NODE = { nodeId: 'node_2f6k0123456789abcdef', epoch: 1 }
const GROUP = 10_000
const [TENANTS, KEYS, ROUTES] = [1_000, 3, 50]

/** Puts calls, in the order of time over a month, into the ledger as shipping does; returns how many rollups they make. */
export async function fillLedger(store: ControlStore, events: number): Promise<number> {
  const next = eventMaker(events)
  let rollups = 0
  for (let done = 0; done < events; done += GROUP) {
    const entries = rollUp(Array.from({ length: GROUP }, next))
    rollups += entries.length
    const advance = { ...NODE, afterSeq: done, throughSeq: done + GROUP }
    await store.transaction((tables) => tables.ledger.apply(entries, advance))
  }
  return rollups
}

/** Calls in the order of time over the month; every fourth client names its request. */
export function eventMaker(events: number): () => UsageEvent {
  let [seq, nowMs] = [0, MONTH.startMs]
  const ids = new UlidMaker({ ...systemClock, nowMs: () => nowMs }, { epoch: 1, thread: 0 })
  const random = randomNumbers(42)
  return () => {
    nowMs = MONTH.startMs + Math.floor((seq / events) * (MONTH.endMs - MONTH.startMs - 1))
    seq += 1
    const [tenant, key, route] = [random(TENANTS), random(KEYS), random(ROUTES)]
    const id = ids.next()
    const failed = random(100) === 0
    return {
      ...{ id, timestampMs: nowMs, tenantId: `tenant-${tenant}`, apiId: 'bench', routeId: `route-${route}` },
      keyId: `key_2f6k0123456789ab${tenant * KEYS + key}`,
      ...{ planId: 'bench', planVersion: 1, subscriptionId: `sub_2f6k0123456789ab${tenant}`, method: 'GET' },
      endpoint: `/v1/route-${route}/${random(1_000)}`,
      ...{ statusCode: failed ? 502 : 200, outcome: failed ? 'upstream_error' : 'ok', billable: !failed },
      ...{
        refusal: '',
        responseTimeMs: 5 + random(200),
        bytesSent: 200 + random(4_000),
        bytesReceived: random(300),
      },
      ...{ usageUnits: 1, quantities: {}, dimensions: {}, clientIp: '', source: 'gateway', count: 1 },
      requestId: seq % 4 === 0 ? `order-${seq}-${random(1_000_000)}` : id,
      ...{ ...NODE, seq },
    }
  }
}

/** The same numbers in every run, each below the bound asked for. */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
