import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import type { UsageEvent } from '../../src/model/event.ts'

/** Events as a gateway thread hands them to the spool. */
export function spoolBatch(events: readonly UsageEvent[]) {
  const text = (record: Readonly<Record<string, string>>) =>
    Object.keys(record).length === 0 ? '' : JSON.stringify(record)
  const lines = events.map((event) => {
    const { quantities, dimensions } = event
    const texts = { quantities: text(quantities), dimensions: text(dimensions) }
    return encodeEvent({ ...event, ...texts, caller: encodeCaller(event) })
  })
  return { lines: Buffer.from(lines.join('')), count: events.length }
}
