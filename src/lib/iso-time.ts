/** A moment as ISO 8601 in UTC, to the millisecond: `2026-03-01T00:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** The same, for a moment that may be missing. */
export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}

/**
 * Reads an ISO 8601 date (midnight UTC) or a time with its zone, in ms since 1970.
 *
 * undefined for anything else, also for days that no calendar has: 30 February is a mistake, not
 * 2 March.
 */
export function parseIsoTime(text: string): number | undefined {
  const parts = ISO.exec(text)
  if (parts === null) return undefined
  const [, date = '', time = '00:00', zone = 'Z'] = parts
  const dayMs = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(dayMs) || isoTime(dayMs).slice(0, date.length) !== date) return undefined
  const ms = Date.parse(`${date}T${time}${zone}`)
  return Number.isNaN(ms) ? undefined : ms
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2}))?$/
