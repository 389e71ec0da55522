import { GatezError } from '../errors/gatez-error.ts'
import { parseIsoTime } from '../lib/iso-time.ts'

/**
 * When a key expires, in ms since 1970: `30d` counts from `nowMs`, `2027-01-01T00:00Z` is that moment.
 *
 * Units are m(inutes), h, d, w; a date alone is its midnight in UTC. Must lie ahead.
 */
export function parseExpiry(text: string, nowMs: number): number {
  const spanMs = parseSpan(text)
  const expiresAtMs = spanMs === undefined ? parseIsoTime(text) : nowMs + spanMs
  if (expiresAtMs === undefined) {
    throw new GatezError(
      'invalid-parameter',
      `expires is ${JSON.stringify(text)}: write a span such as 30d or 12h, or a time such as 2027-01-01T00:00Z.`,
    )
  }
  if (expiresAtMs <= nowMs) {
    throw new GatezError('invalid-parameter', `expires is ${text}, which is not in the future.`)
  }
  return expiresAtMs
}

/** Reads a span such as `30d` or `12h`, in ms; undefined when `text` is none. */
export function parseSpan(text: string): number | undefined {
  const span = /^(\d{1,6})([mhdw])$/.exec(text)
  return span === null ? undefined : Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? Number.NaN)
}

const MINUTE_MS = 60_000

const UNIT_MS: Readonly<Record<string, number>> = {
  m: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 24 * 60 * MINUTE_MS,
  w: 7 * 24 * 60 * MINUTE_MS,
}
