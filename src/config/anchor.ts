import { Temporal } from 'temporal-polyfill'
import type { BillingAnchor } from '../model/billing-calendar.ts'
import { CALENDAR } from '../model/period.ts'
import type { Cursor } from './cursor.ts'
import type { Parsed } from './parsed.ts'

/** Reads where billing periods begin: `calendar`, `subscription`, or a date. */
export function parseAnchor(text: string): Parsed<BillingAnchor> {
  if (text === 'calendar' || text === 'subscription') return { value: text }
  const problem = `must be calendar, subscription, a day of the month or week, or a date such as 2026-01-15, is ${JSON.stringify(text)}`
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return { problem }
  try {
    return { value: Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() }
  } catch {
    return { problem: `is ${text}, a day that there is not` }
  }
}

/** A day of the month, or of the week with Monday as 1, as the date from which periods are counted. */
export function toAnchor(written: string | number): BillingAnchor {
  if (typeof written === 'string') return written
  return Temporal.PlainDate.from(CALENDAR).with({ day: written }).toString()
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
