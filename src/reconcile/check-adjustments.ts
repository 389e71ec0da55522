import { ADJUSTMENTS, type Adjustment } from '../model/adjustment.ts'
import { isSameEvent } from '../model/event-digest.ts'
import type { HeldUsageLog } from '../storage/ports/held-stores.ts'
import { type Difference, difference } from './difference.ts'
import type { Marks } from './raw-events.ts'
import { runName } from './recount.ts'

/** Holds what was taken back against the ledger's count of it, and against the usage log. */
export function checkAdjustments(
  adjustments: readonly Adjustment[],
  { log, marks }: { readonly log: HeldUsageLog | undefined; readonly marks: Marks },
): readonly Difference[] {
  const counted = marks.get(runName(ADJUSTMENTS)) ?? 0
  const where = { node_id: ADJUSTMENTS.nodeId, epoch: ADJUSTMENTS.epoch }
  const found: Difference[] = []
  const wrongPlace = adjustments.find(({ event }, index) => event.seq !== index + 1)
  if (adjustments.length !== counted || wrongPlace !== undefined) {
    const what = `${counted} adjustments are counted, ${adjustments.length} are written down.`
    found.push(difference('ledger', what, where))
  }
  for (const { eventId, event } of adjustments) {
    const logged = log?.find(event.id)
    const isOf = event.requestId === `void:${eventId}`
    if (isOf && (logged === undefined || isSameEvent(logged, event))) continue
    const what = 'An adjustment is written down otherwise than it is in the usage log.'
    found.push(difference('ledger', what, { ...where, events: [event.id] }))
  }
  return found
}
