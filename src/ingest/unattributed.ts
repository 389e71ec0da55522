import { parseExactJson } from '../lib/exact-json.ts'
import type { Meter } from '../model/meter.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { UnattributedEvent } from '../storage/ports/unattributed.ts'
import { readEvent } from './read-event.ts'
import type { EventTaker } from './take-events.ts'

/**
 * Tries again what waits for a tenant or a meter: what has both by now counts, at the moment it came first
 * unless it names one. Conflicts stay: there is no right answer to them but a person's.
 */
export async function retryUnattributed(
  { store, taker, meters }: RetryParts,
  onProgress: (tried: number) => void,
): Promise<RetryTally> {
  const tally = { tried: 0, counted: 0, conflicts: 0 }
  let after: UnattributedEvent | undefined
  for (;;) {
    const page: readonly UnattributedEvent[] = await store.unattributed.list({ limit: PAGE_EVENTS, after })
    after = page.at(-1)
    const waiting = page.filter(({ reason }) => reason !== 'idempotency-conflict')
    if (page.length === 0) return { ...tally, left: await countWaiting(store) }
    const events = waiting.map((event) => ({
      ...readEvent(parseExactJson(event.body)),
      keptSinceMs: event.firstAtMs,
    }))
    const [outcomes = []] = await taker.take([{ sender: { kind: 'operator' }, events }], meters)
    const conflicts = waiting.filter((_, index) => {
      const outcome = outcomes[index]
      return outcome?.kind === 'refused' && outcome.code === 'idempotency-conflict'
    })
    await store.unattributed.resolve(conflicts)
    tally.tried += waiting.length
    tally.conflicts += conflicts.length
    tally.counted += outcomes.filter((outcome) => outcome.kind === 'counted').length
    onProgress(tally.tried)
  }
}

export interface RetryParts {
  readonly store: ControlStore
  readonly taker: EventTaker
  readonly meters: readonly Meter[]
}

/** What came of trying again; the names are stable. */
export interface RetryTally {
  readonly tried: number
  readonly counted: number
  readonly conflicts: number
  /** Those that still wait for a tenant or a meter. */
  readonly left: number
}

const PAGE_EVENTS = 500

async function countWaiting(store: ControlStore): Promise<number> {
  const counts = await store.unattributed.count()
  return counts['unknown-tenant'] + counts['no-meter']
}
