import type { Parsed } from './parsed.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads a span of time, as `500ms`, `10s`, `5m`, `2h` or `1d`: milliseconds, 1 or more. */
export function parseDuration(text: string): Parsed<number> {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim())
  const durationMs = Number(parts?.[1]) * (UNIT_MS[parts?.[2] ?? ''] ?? Number.NaN)
  if (!(durationMs >= 1))
    return { problem: `must be a time span such as 10s or 5m, is ${JSON.stringify(text)}` }
  if (durationMs > DURATION_MS_MAX) return { problem: `must be at most 24d, is ${text}` }
  return { value: durationMs }
}

// Timers of the host hold 31 bits of milliseconds.
const DURATION_MS_MAX = 24 * 86_400_000

const NAMED_WINDOW_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

const WINDOW_NAMES = Object.keys(NAMED_WINDOW_MS)

/** The window of a limit. */
export interface Window {
  /** As written: default ids and headers show it. */
  readonly text: string
  readonly windowMs: number
}

/** Reads the window of a limit: `minute`, or a span of 1 s to a week, as `10s`. */
export function parseWindow(text: string): Parsed<Window> {
  const namedMs = NAMED_WINDOW_MS[text]
  if (namedMs !== undefined) return { value: { text, windowMs: namedMs } }
  if (text === 'month' || text === 'year') {
    return { problem: `a limit's window is at most a week; an allowance per ${text} is a quota` }
  }
  const span = parseDuration(text)
  if ('problem' in span) {
    return { problem: `must be ${WINDOW_NAMES.join(', ')} or a span such as 10s, is ${JSON.stringify(text)}` }
  }
  if (span.value < 1000 || span.value > 604_800_000) {
    return { problem: `a limit's window is between 1s and 7d, is ${text}` }
  }
  return { value: { text, windowMs: span.value } }
}
