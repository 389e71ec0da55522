import { EventDesk } from '../../src/ingest/event-desk.ts'
import { EventRates } from '../../src/ingest/event-rates.ts'
import type { EventsAnswer, EventsRequest } from '../../src/ingest/ingest-messages.ts'
import { EventTaker } from '../../src/ingest/take-events.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import type { Meter } from '../../src/model/meter.ts'
import { openLocalCounters } from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'

/** What the ingest thread does, on this thread: takes requests in, and resolves to their answers. */
export function eventDesk(parts: {
  readonly store: ControlStore
  readonly clock: Clock
  readonly counterMemory: SharedArrayBuffer
  readonly perMinute: number | null
  readonly meters: readonly Meter[]
  readonly onFailed: (error: unknown) => void
}): (request: EventsRequest) => Promise<EventsAnswer> {
  const { store, clock, counterMemory, perMinute, meters, onFailed } = parts
  const rates = new EventRates(openLocalCounters(counterMemory), () => clock.nowMs(), perMinute)
  const ids = new UlidMaker(clock, { epoch: 1, thread: 31 })
  const desk = new EventDesk(
    {
      taker: new EventTaker({ store, clock, ids }),
      admit: (request, events) => rates.admit(request, events),
      onCounted: () => {},
      onFailed,
    },
    meters,
  )
  return (request) => new Promise((answer) => desk.add({ request, answer }))
}
