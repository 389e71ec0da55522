import { Temporal } from 'temporal-polyfill'
import { GatezError } from '../errors/gatez-error.ts'
import { isoTime, parseIsoTime } from '../lib/iso-time.ts'
import { type Period, periodAt } from '../model/period.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'

/**
 * The span of time a report is about, half-open: the month given, or from … to, or the current month.
 *
 * Dates are midnights of `timezone`. `from` alone reaches to the end of the current day. Throws
 * `invalid-parameter` for what is no time, is empty, does not fall on a bucket of the ledger, or is longer than 50 years:
 * days are walked one by one, so without an end to it one question could hold up all others.
 */
export function reportSpan(written: WrittenSpan, at: { timezone: string; nowMs: number }): Period {
  const { month, from, to } = written
  if (month !== undefined) {
    if (from !== undefined || to !== undefined)
      refuse('--month goes without --from and --to; give one or the other.')
    return periodAt('month', at.timezone, monthStartMs(month, at.timezone))
  }
  if (from === undefined) {
    if (to !== undefined) refuse(`--to ${to} needs --from as well, or use --month.`)
    return periodAt('month', at.timezone, at.nowMs)
  }

  const startMs = writtenTime('--from', from, at.timezone)
  const endMs =
    to === undefined ? periodAt('day', at.timezone, at.nowMs).endMs : writtenTime('--to', to, at.timezone)
  if (startMs >= endMs) {
    const end = to === undefined ? `the end of today, ${isoTime(endMs)}` : `--to ${to}`
    refuse(`--from ${from} is not before ${end}; the span reaches up to --to, without it.`)
  }
  refuseLong({ startMs, endMs }, written, at.timezone)
  return { startMs, endMs }
}

/** How a user writes a span; all of it may be missing. */
export interface WrittenSpan {
  /** As `2026-03`. */
  readonly month?: string | undefined
  /** As `2026-03-01`, or a moment with its zone, as `2026-03-01T06:00Z`. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function monthStartMs(month: string, timezone: string): number {
  const date = MONTH.test(month) ? dateOf(`${month}-01`) : undefined
  if (date === undefined) refuse(`--month is ${JSON.stringify(month)}; write year and month, as 2026-03.`)
  return startOfDay(date, timezone)
}

/** A date or a moment as a user writes it; throws `invalid-parameter`, naming `flag`, for what is none or lies within a bucket. */
export function writtenTime(flag: string, text: string, timezone: string): number {
  const date = dateOf(text)
  const ms = date === undefined ? parseIsoTime(text) : startOfDay(date, timezone)
  if (ms === undefined) {
    refuse(
      `${flag} is ${JSON.stringify(text)}; write a date, as 2026-03-01, or a moment with its zone, as ` +
        '2026-03-01T06:00Z.',
    )
  }
  if (ms % BUCKET_MS === 0) return ms
  const beforeMs = Math.floor(ms / BUCKET_MS) * BUCKET_MS
  refuse(
    `${flag} is ${text}, but usage is kept in steps of 15 minutes: the nearest are ${isoTime(beforeMs)} and ` +
      `${isoTime(beforeMs + BUCKET_MS)}.`,
  )
}

/**
 * Throws `invalid-parameter` for a month or a day that is more than 50 years ago, naming it and the first that is not: no
 * invoice was ever due for it, and a slip of a finger should not seem to be a month without usage.
 */
export function refuseLongAgo(
  [flag, text]: readonly [flag: '--month' | '--on', text: string],
  writtenMs: number,
  { timezone, nowMs }: { readonly timezone: string; readonly nowMs: number },
): void {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timezone)
  const first = now.toPlainDate().subtract({ years: YEARS_MAX }).with({ day: 1 })
  if (writtenMs >= startOfDay(first, timezone)) return
  const from = flag === '--month' ? first.toPlainYearMonth() : first
  refuse(`${flag} is ${JSON.stringify(text)}, more than ${YEARS_MAX} years ago: name one from ${from} on.`)
}

function refuseLong({ startMs, endMs }: Period, { from, to }: WrittenSpan, timezone: string): void {
  const start = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(timezone)
  const last = start.add({ years: YEARS_MAX })
  if (endMs <= last.epochMilliseconds) return
  const end = to === undefined ? `the end of today, ${isoTime(endMs)}` : `--to ${to}`
  refuse(
    `--from ${from} to ${end} is more than ${YEARS_MAX} years: ask for parts, the first up to --to ${last.toPlainDate()}.`,
  )
}

function dateOf(text: string): Temporal.PlainDate | undefined {
  if (!DATE.test(text) || parseIsoTime(text) === undefined) return undefined
  return Temporal.PlainDate.from(text)
}

function startOfDay(date: Temporal.PlainDate, timezone: string): number {
  return date.toZonedDateTime(timezone).epochMilliseconds
}

function refuse(detail: string): never {
  throw new GatezError('invalid-parameter', detail)
}

const YEARS_MAX = 50
const MONTH = /^\d{4}-\d{2}$/
const DATE = /^\d{4}-\d{2}-\d{2}$/
