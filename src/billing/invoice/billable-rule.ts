import { COUNTED_STATUSES, type StatusRanges } from '../../model/api.ts'
import type { Meter } from '../../model/meter.ts'

/** Says in one sentence what counts for a meter: invoices quote it, so that nobody has to guess. */
export function billableRule(meters: readonly Meter[]): (meterId: string) => string {
  return (meterId) => {
    const meter = meters.find(({ id }) => id === meterId)
    if (meter?.event !== undefined)
      return 'Each reported event once, by its id; events of test keys do not count.'
    const statuses = statusText(meter?.countStatuses ?? COUNTED_STATUSES)
    return (
      `Calls answered with status ${statuses}, also when the client broke off the answer. ` +
      'Refused calls, upstream errors, cut-off answers and test keys do not count.'
    )
  }
}

function statusText(ranges: StatusRanges): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ')
}
