import { isSameEvent } from '../model/event-digest.ts'
import { EVENTS_PLACE, type EventBatch } from '../storage/ports/events.ts'
import type { HeldUsageLog } from '../storage/ports/held-stores.ts'
import { type Difference, difference, NAMED_MAX } from './difference.ts'
import { eventsOfReport, type Marks } from './raw-events.ts'
import { runName } from './recount.ts'

/**
 * Looks at what was reported and waits for the usage log: does each batch hold what it says, does one follow the
 * other, is it counted, and what is in the log already, is it the same there?
 */
export async function checkEventBatches(
  batches: readonly EventBatch[],
  {
    log,
    marks,
    logMarks,
  }: { readonly log: HeldUsageLog | undefined; readonly marks: Marks; readonly logMarks: Marks },
): Promise<readonly Difference[]> {
  const where = { node_id: EVENTS_PLACE.nodeId, epoch: EVENTS_PLACE.epoch }
  const run = runName(EVENTS_PLACE)
  const [counted, logged] = [marks.get(run) ?? 0, logMarks.get(run) ?? 0]
  const found: Difference[] = []
  let before: EventBatch | undefined
  for (const batch of batches) {
    const { firstSeq, count } = batch
    const events = eventsOfReport(batch)
    const last = before === undefined ? undefined : before.firstSeq + before.count - 1
    const wrong = [
      ...(events.length === count ? [] : [`holds ${events.length} events instead of ${count}`]),
      ...(last === undefined || firstSeq === last + 1
        ? []
        : [`does not follow the one before it, which ends at ${last}`]),
      ...(firstSeq + count - 1 <= counted
        ? []
        : [`ends behind event ${counted}, the last one that is counted`]),
    ]
    for (const what of wrong) {
      found.push(difference('ledger', `The batch of reported events from ${firstSeq} on ${what}.`, where))
    }
    const shipped = events.filter(({ seq }) => seq <= logged)
    const there = await log?.findAll(shipped.map(({ id }) => id))
    const unlike = shipped.filter((event) => {
      const logged = there?.get(event.id)
      return logged === undefined || !isSameEvent(logged, event)
    })
    if (unlike.length > 0) {
      const what = 'Reported events lie in the ledger and not, or not so, in the usage log.'
      const events = unlike.slice(0, NAMED_MAX).map(({ id }) => id)
      found.push(difference('usage_log', what, { ...where, events }))
    }
    before = batch
  }
  return found
}
