import { systemClock } from '../../../src/lib/clock.ts'
import { UlidMaker } from '../../../src/lib/id.ts'
import type { UsageEvent } from '../../../src/model/event.ts'

/** The month that the events of a bench are spread over. */
export const MONTH = { startMs: Date.UTC(2026, 9, 1), endMs: Date.UTC(2026, 10, 1) }

/** The node that they came from. */
export const NODE = { nodeId: 'node_2f6k0123456789abcdef', epoch: 1 }

/** How many events are written at once. */
export const GROUP = 10_000

const [TENANTS, KEYS, ROUTES] = [1_000, 3, 50]

/**
 * Who calls what. `spread`: any key any route, as often: next to no two calls of a quarter of an hour are alike, the
 * worst for a ledger. `uneven`: few tenants and routes have most of the calls, as it is with customers.
 */
export type Spread = 'spread' | 'uneven'

/**
 * A group of events of a month of so many, in the order of time; every fourth client names its request.
 *
 * The same numbers in every run but for the ids, so that a bench can go on where it stopped.
 */
export function groupOf(index: number, { events, spread }: MonthOfEvents): UsageEvent[] {
  let nowMs = MONTH.startMs
  const ids = new UlidMaker({ ...systemClock, nowMs: () => nowMs }, { epoch: index, thread: 0 })
  const random = randomNumbers(42 + index)
  const pick = spread === 'spread' ? random : uneven(random)
  return Array.from({ length: Math.min(GROUP, events - index * GROUP) }, (_, position) => {
    const seq = index * GROUP + position + 1
    nowMs = MONTH.startMs + Math.floor(((seq - 1) / events) * (MONTH.endMs - MONTH.startMs - 1))
    const [tenant, key, route] = [pick(TENANTS), pick(KEYS), pick(ROUTES)]
    const id = ids.next()
    const failed = random(100) === 0
    return {
      ...{ id, timestampMs: nowMs, tenantId: `tenant-${tenant}`, apiId: 'bench', routeId: `route-${route}` },
      keyId: `key_2f6k0123456789ab${tenant * KEYS + key}`,
      ...{ planId: 'bench', planVersion: 1, subscriptionId: `sub_2f6k0123456789ab${tenant}`, method: 'GET' },
      endpoint: `/v1/route-${route}/${random(1_000)}`,
      ...{ statusCode: failed ? 502 : 200, outcome: failed ? 'upstream_error' : 'ok', billable: !failed },
      ...{ refusal: '', responseTimeMs: 5 + random(200) },
      ...{ bytesSent: 200 + random(4_000), bytesReceived: random(300) },
      ...{ usageUnits: 1, quantities: {}, dimensions: {}, clientIp: '', source: 'gateway', count: 1 },
      requestId: seq % 4 === 0 ? `order-${seq}-${random(1_000_000)}` : id,
      ...{ ...NODE, seq },
    }
  })
}

export interface MonthOfEvents {
  readonly events: number
  readonly spread: Spread
}

/** Four of five calls go to the first fifth, four of five of those to the first fifth of it, and so on. */
function uneven(random: (bound: number) => number): (bound: number) => number {
  return (bound) => {
    let among = bound
    while (among > 1 && random(100) < 80) among = Math.ceil(among / 5)
    return random(among)
  }
}

/** The same numbers in every run, each below the bound asked for. */
function randomNumbers(seed: number): (bound: number) => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
