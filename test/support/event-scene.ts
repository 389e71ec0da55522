import type { EventOutcome } from '../../src/ingest/event-outcome.ts'
import type { EventSender } from '../../src/ingest/place-event.ts'
import { EventTaker, type EventTakerParts } from '../../src/ingest/take-events.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import type { Meter } from '../../src/model/meter.ts'
import { NOON, openFor, plan, putPlans, subscription, tenant } from './control-store.ts'
import { eventMeter, incoming } from './incoming-events.ts'
import { tempDir } from './temp-dir.ts'

export const HOUR = 3_600_000

const METERS = [eventMeter('compute_ms'), eventMeter('images', { aggregation: 'count' })]

/**
 * A store with the tenants acme (cus_1), which moves from free to pro an hour after noon, and bolt; and what
 * takes events into it. Closed when the test is over.
 */
export async function eventScene() {
  const [folder, clock] = [tempDir(), new ManualClock(NOON)]
  const store = await openFor(folder, clock)
  await putPlans(store, [plan(), plan({ id: 'pro' })])
  await store.tenants.insert(tenant({ externalId: 'cus_1' }))
  await store.tenants.insert(tenant({ id: 'bolt' }))
  await store.subscriptions.insert(subscription({ endMs: NOON + HOUR }))
  await store.subscriptions.insert(subscription({ id: 'sub_2', planId: 'pro', startMs: NOON + HOUR }))
  const taker = (parts: Partial<EventTakerParts> = {}) => {
    return new EventTaker({ store, clock, ids: new UlidMaker(clock, { epoch: 1, thread: 31 }), ...parts })
  }
  return {
    folder,
    clock,
    store,
    taker,
    /** Takes events in, given by what differs from the usual one. */
    take: async (events: readonly Fields[], how: TakeOptions = {}): Promise<readonly EventOutcome[]> => {
      const { sender = { kind: 'operator' }, meters = METERS, by = taker() } = how
      const [outcomes] = await by.take([{ sender, events: events.map(incoming) }], meters)
      return outcomes!
    },
    rollups: () => Array.fromAsync(store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })),
    /** What could not be counted. */
    listed: () => store.unattributed.list({ limit: 1_000 }),
  }
}

type Fields = Readonly<Record<string, unknown>>

interface TakeOptions {
  readonly sender?: EventSender
  readonly meters?: readonly Meter[]
  readonly by?: EventTaker
}

/** The code of each refusal; of what is not refused, what it is and whether it is new. */
export function codes(outcomes: readonly EventOutcome[]): readonly string[] {
  return outcomes.map((outcome) => {
    return outcome.kind === 'refused' ? outcome.code : `${outcome.kind} ${outcome.isNew}`
  })
}
