import { isChanged } from '../metering/spool-table.ts'
import { isSameEvent } from '../model/event-digest.ts'
import type { HeldBatch, HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import { type Difference, difference, NAMED_MAX } from './difference.ts'
import { eventsOfBatch, type Marks } from './raw-events.ts'
import { runName } from './recount.ts'

export interface SpoolParts {
  /** Its files, oldest first. */
  readonly spools: readonly HeldSpool[]
  /** The node whose spool it is. */
  readonly nodeId: string
  readonly log: HeldUsageLog | undefined
  readonly ledgerMarks: Marks
  readonly logMarks: Marks
}

/**
 * Looks at what lies in the spool: is every batch as it was written, is none gone and none twice, and does
 * what was shipped lie in the usage log as it does here?
 */
export function checkSpool(parts: SpoolParts): readonly Difference[] {
  const found: Difference[] = []
  let before: HeldBatch | undefined
  for (const spool of parts.spools) before = checkFile(parts, spool, before, found)
  return found
}

/** Adds what is wrong with one file to `found`; returns the last batch of this file, or `before`. */
function checkFile(
  parts: SpoolParts,
  spool: HeldSpool,
  before: HeldBatch | undefined,
  found: Difference[],
): HeldBatch | undefined {
  let last: HeldBatch | undefined
  for (const batch of spool.batches()) {
    const where = { node_id: parts.nodeId, epoch: batch.epoch }
    const broken = [
      wrongOrder(last, batch),
      changed(batch),
      last === undefined ? begin(parts, batch, before) : undefined,
    ]
    for (const what of broken) if (what !== undefined) found.push(difference('spool', what, where))
    found.push(...unlikeTheLog(parts, batch))
    last = batch
  }
  const lastBatchId = last?.batchId ?? 0
  if (lastBatchId !== spool.lastBatchId) {
    const what = `Batch ${spool.lastBatchId} was written last, but the last one there is ${lastBatchId}.`
    found.push(difference('spool', what, { node_id: parts.nodeId }))
  }
  return last ?? before
}

function changed(batch: HeldBatch): string | undefined {
  if (isChanged(batch)) return `Batch ${batch.batchId} is not as it was written.`
  const lines = batch.lines.split('\n').length - 1
  return lines === batch.count
    ? undefined
    : `Batch ${batch.batchId} has ${lines} events instead of ${batch.count}.`
}

function wrongOrder(last: HeldBatch | undefined, batch: HeldBatch): string | undefined {
  if (last === undefined) return undefined
  if (batch.batchId !== last.batchId + 1) {
    return `Between batch ${last.batchId} and batch ${batch.batchId} one is gone.`
  }
  const follows = last.firstSeq + last.count
  const expected = batch.epoch === last.epoch ? follows : 1
  if (batch.epoch < last.epoch || batch.firstSeq !== expected) {
    return `Batch ${batch.batchId} begins at event ${batch.firstSeq} instead of ${expected}.`
  }
  return undefined
}

/** What went from the head of a file must be in both stores, unless the file before it has it. */
function begin(
  { nodeId, ledgerMarks, logMarks }: SpoolParts,
  batch: HeldBatch,
  before: HeldBatch | undefined,
): string | undefined {
  const run = runName({ nodeId, epoch: batch.epoch })
  const held = before?.epoch === batch.epoch ? before.firstSeq + before.count - 1 : 0
  const shipped = Math.max(held, Math.min(ledgerMarks.get(run) ?? 0, logMarks.get(run) ?? 0))
  if (batch.firstSeq <= shipped + 1) return undefined
  return `The spool begins at event ${batch.firstSeq}, the stores end at ${shipped}.`
}

function unlikeTheLog({ log, nodeId, logMarks }: SpoolParts, batch: HeldBatch): readonly Difference[] {
  const logged = logMarks.get(runName({ nodeId, epoch: batch.epoch })) ?? 0
  if (log === undefined || batch.firstSeq > logged) return []
  const unlike: string[] = []
  for (const event of eventsOfBatch(batch, nodeId)) {
    if (event.seq > logged || event.timestampMs < log.keptSinceMs) continue
    const there = log.find(event.id)
    if (there === undefined || !isSameEvent(there, event)) unlike.push(event.id)
  }
  if (unlike.length === 0) return []
  const what = `Events of batch ${batch.batchId} lie in the spool and not, or not so, in the usage log.`
  const where = { node_id: nodeId, epoch: batch.epoch, events: unlike.slice(0, NAMED_MAX) }
  // A batch that is as it was written is right.
  return [difference(isChanged(batch) ? 'spool' : 'usage_log', what, where)]
}
