import type { Meter } from '../../src/model/meter.ts'

const meter = (id: string, aggregation: Meter['aggregation']): Meter => {
  return { id, aggregation, from: 'header', field: '', routes: 'all', countStatuses: [[200, 299]] }
}

/** A meter of each aggregation. */
export const COUNTED_METERS: readonly Meter[] = [
  meter('tokens', 'sum'),
  meter('images', 'sum'),
  meter('jobs', 'count'),
  meter('peak', 'max'),
  meter('seats', 'latest'),
  meter('users', 'unique_count'),
  meter('storage', 'time-weighted'),
]
