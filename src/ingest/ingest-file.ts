import type { Meter } from '../model/meter.ts'
import type { EventOutcome } from './event-outcome.ts'
import {
  type FileRun,
  FileTallier,
  type FileTally,
  LINES_AT_ONCE,
  type LineOutcome,
  stoppedAt,
} from './file-tally.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import { invalid, readEvent } from './read-event.ts'
import type { FileItem } from './read-items.ts'
import type { EventTaker } from './take-events.ts'

/**
 * Takes in the events of a file as `POST /v1/events` would, for the operator: in the same forms, under the
 * same ids. So a file may be run again, after whatever happened: what is counted stays counted once.
 */
export async function ingestFile(
  { taker, meters }: { readonly taker: EventTaker; readonly meters: readonly Meter[] },
  items: AsyncIterable<FileItem>,
  run: FileRun,
): Promise<FileTally> {
  const tallier = new FileTallier()
  const take = async (batch: readonly NumberedEvent[]): Promise<void> => {
    const group = { sender: { kind: 'operator' }, events: batch.map(({ event }) => event) } as const
    const [outcomes = []] = await taker.take([group], meters)
    for (const [index, { line }] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined) tallier.add(line, lineOutcome(outcome), isLate(outcome))
    }
    run.onProgress(tallier.tally())
  }
  let batch: NumberedEvent[] = []
  try {
    for await (const item of items) {
      if (run.signal.aborted) break
      if (item.line < run.fromLine) continue
      batch.push({
        line: item.line,
        event: 'fault' in item ? invalid(`the line ${item.fault}`) : readEvent(item.item),
      })
      if (batch.length < LINES_AT_ONCE) continue
      await take(batch)
      batch = []
    }
    if (batch.length > 0 && !run.signal.aborted) await take(batch)
  } catch (error) {
    throw stoppedAt(error, tallier.tally())
  }
  return tallier.tally()
}

interface NumberedEvent {
  readonly line: number
  readonly event: IncomingEvent | EventFault
}

function lineOutcome(outcome: EventOutcome): LineOutcome {
  if (outcome.kind === 'refused') return { code: outcome.code, detail: outcome.fault }
  if (!outcome.isNew) return 'duplicate'
  return outcome.kind === 'counted' ? 'accepted' : 'unmatched'
}

function isLate(outcome: EventOutcome): boolean {
  return outcome.kind === 'counted' && outcome.isNew && outcome.taken.late
}
