/** A moment as the viewer's own clock shows it. */
export function localTime(iso: string, style: TimeStyle = 'moment', locale?: string): string {
  return new Intl.DateTimeFormat(locale, STYLES[style]).format(new Date(iso))
}

/** The same moment in UTC, as logs and invoices have it. */
export function utcTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/** A calendar day, which belongs to no zone: `2026-03-10` → `Mar 10`. */
export function dayText(day: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${day.slice(0, 10)}T00:00:00Z`),
  )
}

/** A period of calendar days, up to but without the last: `Mar 1 – 31`. */
export function periodText(from: string, to: string, timeZone: string, locale?: string): string {
  const style = { month: 'short', day: 'numeric', year: 'numeric', timeZone } as const
  return new Intl.DateTimeFormat(locale, style).formatRange(new Date(from), new Date(Date.parse(to) - 1))
}

/** The calendar day of a moment in a zone: `2026-03-10`. */
export function dayIn(iso: string, timeZone: string): string {
  const style = { year: 'numeric', month: '2-digit', day: '2-digit', timeZone } as const
  const parts = new Map(
    new Intl.DateTimeFormat('en', style).formatToParts(new Date(iso)).map(({ type, value }) => [type, value]),
  )
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`
}

/** How long from one moment to another, in the largest unit: `in 5 hours`, `3 days ago`. */
export function distance(toMs: number, nowMs: number, locale?: string): string {
  const gap = toMs - nowMs
  const unit = UNITS.find(({ ms }) => Math.abs(gap) >= ms) ?? SECOND
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(gap / unit.ms), unit.name)
}

export type TimeStyle = keyof typeof STYLES

const STYLES = {
  moment: { dateStyle: 'medium', timeStyle: 'short' },
  exact: { dateStyle: 'medium', timeStyle: 'medium' },
  day: { dateStyle: 'medium' },
  time: { timeStyle: 'short' },
} as const

const SECOND = { name: 'second', ms: 1_000 } as const
const UNITS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
  SECOND,
] as const
