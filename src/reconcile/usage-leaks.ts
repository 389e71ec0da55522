import { isoTime } from '../lib/iso-time.ts'
import { LEAK_KINDS } from '../model/leak-kind.ts'
import { findLeaks, type LeakedUsage, type LeakFilter, type LeakParts } from './find-leaks.ts'

/** Leaks of one kind, tenant, route, meter and reason; the names are stable. */
export interface LeakRow extends Omit<LeakedUsage, 'id' | 'count' | 'event'> {
  readonly calls: number
  /** The first of them. */
  readonly ids: readonly string[]
}

/** All of a span; the names are stable. */
export interface UsageLeaks {
  readonly from: string
  readonly to: string
  readonly rows: readonly LeakRow[]
  readonly total: number
  /** From before it only missing quantities are known, and without ids; null when nothing of the span is forgotten. */
  readonly forgotten_before: string | null
}

/** How many ids a row names; `findLeaks` gives all. */
const IDS_MAX = 20

/** Adds up what leaked over a span, by kind, most first. */
export async function usageLeaks(parts: LeakParts, filter: LeakFilter): Promise<UsageLeaks> {
  const found = new Map<string, { row: LeakRow; ids: string[]; calls: number }>()
  let total = 0
  for await (const { id, count, event: _, ...what } of findLeaks(parts, filter)) {
    const name = Object.values(what).join('\n')
    const ids: string[] = []
    const known = found.get(name) ?? { row: { ...what, calls: 0, ids }, ids, calls: 0 }
    found.set(name, known)
    known.calls += count
    total += count
    if (id !== '' && known.ids.length < IDS_MAX) known.ids.push(id)
  }
  const rows = [...found.values()].map(({ row, ids, calls }) => ({ ...row, calls, ids }))
  const { span } = filter
  const { keptSinceMs } = parts.positions
  return {
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    rows: rows.sort(byKind),
    total,
    forgotten_before: keptSinceMs > span.startMs ? isoTime(keptSinceMs) : null,
  }
}

function byKind(one: LeakRow, other: LeakRow): number {
  return LEAK_KINDS.indexOf(one.kind) - LEAK_KINDS.indexOf(other.kind) || other.calls - one.calls
}
