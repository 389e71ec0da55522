import { COUNTED_STATUSES } from '../../src/model/api.ts'
import type { Meter } from '../../src/model/meter.ts'

/** A meter `tokens`, added up from a header of the answer; `overrides` say what differs. */
export function meter(overrides: Partial<Meter> = {}): Meter {
  const usual = { id: 'tokens', aggregation: 'sum', from: 'header', field: '', routes: 'all' } as const
  return { ...usual, countStatuses: COUNTED_STATUSES, ...overrides }
}
