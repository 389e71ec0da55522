import type { Clock } from '../lib/clock.ts'
import type { UlidMaker } from '../lib/id.ts'
import { declaredAggregations } from '../metering/roll-up.ts'
import type { Dimension } from '../model/dimension.ts'
import type { Meter } from '../model/meter.ts'
import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'
import { Outrun } from './count-once.ts'
import type { EventOutcome } from './event-outcome.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import { type EventSender, isFault, placeEvent } from './place-event.ts'
import { TenantBook } from './tenant-book.ts'
import { Turn } from './turn.ts'

/** What one sender sends at once. */
export interface EventsToTake {
  readonly sender: EventSender
  /** In the order in which they came; those that could not be read as well. */
  readonly events: readonly (IncomingEvent | EventFault)[]
}

/**
 * Takes events in: each is counted once under (tenant, source, id), in one transaction for all.
 *
 * What it returns is durable. When it throws, nothing of it is, and all may be sent again.
 */
export class EventTaker {
  readonly #parts: EventTakerParts
  readonly #book = new TenantBook()

  constructor(parts: EventTakerParts) {
    this.#parts = parts
  }

  /** One list of outcomes for each of `groups`, in their order. */
  async take(
    groups: readonly EventsToTake[],
    meters: readonly Meter[],
  ): Promise<readonly (readonly EventOutcome[])[]> {
    for (let time = 1; ; time += 1) {
      try {
        return await this.#parts.store.transaction((tables) => this.#takeOnce(tables, groups, meters))
      } catch (error) {
        if (!(error instanceof Outrun) || time === TRIES_MAX) throw error
      }
    }
  }

  async #takeOnce(
    tables: ControlTables,
    groups: readonly EventsToTake[],
    meters: readonly Meter[],
  ): Promise<readonly (readonly EventOutcome[])[]> {
    await this.#book.refresh(tables)
    const { clock, ids, dimensions = none } = this.#parts
    const nowMs = clock.nowMs()
    const declared = dimensions()
    const closed = groups.some(namesMoments) ? await tables.invoices.closedPeriods() : []
    const aggregationOf = declaredAggregations(meters)
    const turn = new Turn(tables, { ids, nowMs, aggregationOf, dimensions: declared })
    const results: { readonly outcome: EventOutcome }[][] = []
    for (const { sender, events } of groups) {
      const ofGroup: { readonly outcome: EventOutcome }[] = []
      for (const event of events) {
        if (isFault(event)) {
          ofGroup.push({ outcome: { kind: 'refused', ...event } })
          continue
        }
        const facts = await this.#book.find(tables, event.tenant ?? ownTenant(sender))
        const placing = { sender, facts, meters, dimensions: declared, nowMs, closed }
        ofGroup.push(turn.add(event, placeEvent(event, placing), sender.kind === 'tenant'))
      }
      results.push(ofGroup)
    }
    await turn.settle()
    return results.map((ofGroup) => ofGroup.map(({ outcome }) => outcome))
  }
}

export interface EventTakerParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly ids: UlidMaker
  /** Those that the file declares, as it does now; none if not given. */
  readonly dimensions?: () => readonly Dimension[]
}

/** Only writers on other machines can come in between; none does so often. */
const TRIES_MAX = 20

function ownTenant(sender: EventSender): string {
  return sender.kind === 'tenant' ? sender.tenantId : ''
}

function none(): readonly Dimension[] {
  return []
}

/** What names no moment happens now, and now is in no period that is closed. */
function namesMoments({ events }: EventsToTake): boolean {
  return events.some((event) => !isFault(event) && (event.timestampMs ?? event.keptSinceMs) !== undefined)
}
