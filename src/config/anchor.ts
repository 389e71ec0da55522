import { Temporal } from 'temporal-polyfill'
import type { BillingAnchor } from '../model/billing-calendar.ts'
import { CALENDAR } from '../model/period.ts'
import type { Cursor } from './cursor.ts'
import type { Parsed } from './parsed.ts'

/** What an anchor may be. */
export const ANCHOR_RULE =
  'must be calendar, subscription, a day of the month or week, or a date such as 2026-01-15'

/**
 * Reads where billing periods begin: `calendar`, `subscription`, a date, or a day of the month, or of the week with
 * Monday as 1, which become the date from which periods are counted.
 */
export function parseAnchor(written: string | number): Parsed<BillingAnchor> {
  if (typeof written === 'number') {
    if (!Number.isInteger(written) || written < 1 || written > 31) {
      return { problem: `is ${written}: days of the month are 1 to 31` }
    }
    return { value: Temporal.PlainDate.from(CALENDAR).with({ day: written }).toString() }
  }
  if (written === 'calendar' || written === 'subscription') return { value: written }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(written))
    return { problem: `${ANCHOR_RULE}, is ${JSON.stringify(written)}` }
  try {
    return { value: Temporal.PlainDate.from(written, { overflow: 'reject' }).toString() }
  } catch {
    return { problem: `is ${written}, a day that there is not` }
  }
}

/** Checks that a day of the month or week belongs to periods of months or weeks. */
export function checkAnchor(billing: Cursor): void {
  const anchor = billing.field('anchor')
  if (typeof anchor.value !== 'number') return
  const period = billing.field('period').value ?? 'month'
  if (period === 'week' && anchor.value > 7) {
    anchor.refuse(`is ${anchor.value}: days of the week are 1, Monday, to 7, Sunday`)
  } else if (period === 'day' || period === 'year') {
    const way = period === 'day' ? 'take it out' : 'write a date such as 2026-04-06'
    anchor.refuse(`a day of the month means nothing to periods of a ${period}: ${way}`)
  }
}
