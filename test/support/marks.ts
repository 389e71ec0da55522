import type { Mark } from '../../src/model/mark.ts'
import { MARCH } from './rollups.ts'

/** A mark of the meter `peak`; `parts` say what differs. */
export function mark(parts: Partial<Mark> & Pick<Mark, 'aggregation'>): Mark {
  return { meterId: 'peak', member: '', atMs: 0, eventId: '', quantity: '1', ...parts }
}

/** A level of the meter `storage`, so many ms into March. */
export function level(quantity: string, ms: number, eventId = ''): Mark {
  const atMs = MARCH + ms
  return { meterId: 'storage', aggregation: 'time-weighted', member: String(atMs), atMs, eventId, quantity }
}
