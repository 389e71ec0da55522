import { addQuantities, compareQuantities } from './quantity.ts'

/** How the values of a meter become one number. `time-weighted` is the mean level over a span. */
export const AGGREGATIONS = ['count', 'sum', 'max', 'latest', 'unique_count', 'time-weighted'] as const

export type Aggregation = (typeof AGGREGATIONS)[number]

/**
 * What a rollup keeps of a meter whose values cannot simply be added up.
 *
 * Of one meter, aggregation and member a rollup keeps one mark. Joined in any order, any grouping and any
 * number of times, marks give the same; only those of `leak` are counted, and so must come once.
 */
export interface Mark {
  readonly meterId: string
  /** `leak` counts values that could not be metered. */
  readonly aggregation: 'max' | 'latest' | 'unique_count' | 'time-weighted' | 'leak'
  /** The value (`unique_count`), the moment (`time-weighted`), the reason (`leak`); empty for the others. */
  readonly member: string
  /** When it was so; 0 where that does not matter. */
  readonly atMs: number
  /** Decides between two of one moment; empty where that does not matter. */
  readonly eventId: string
  /** A decimal string; 1 for a member of `unique_count`. */
  readonly quantity: string
}

/** Two marks of one meter, aggregation and member as one. */
export function joinMarks(left: Mark, right: Mark): Mark {
  switch (left.aggregation) {
    case 'max':
      return compareQuantities(left.quantity, right.quantity) >= 0 ? left : right
    case 'latest':
    case 'time-weighted':
      return isLater(right, left) ? right : left
    case 'unique_count':
      return left
    case 'leak':
      return { ...left, quantity: addQuantities(left.quantity, right.quantity) }
  }
}

/** Whether one mark tells of a later moment; of two of one moment the larger id decides. */
export function isLater(mark: Mark, other: Mark): boolean {
  if (mark.atMs !== other.atMs) return mark.atMs > other.atMs
  if (mark.eventId !== other.eventId) return mark.eventId > other.eventId
  return compareQuantities(mark.quantity, other.quantity) > 0
}

/** What a rollup keeps one of. */
export function markName({ meterId, aggregation, member }: Mark): string {
  return `${meterId}\t${aggregation}\t${member}`
}

/** Marks of many places as one of each name, in the order of their names. */
export function mergeMarks(...lists: readonly (readonly Mark[])[]): readonly Mark[] {
  const merged = new Map<string, Mark>()
  for (const mark of lists.flat()) {
    const name = markName(mark)
    const before = merged.get(name)
    merged.set(name, before === undefined ? mark : joinMarks(before, mark))
  }
  return [...merged].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, mark]) => mark)
}

/** For rollups without any: most of them. */
export const NO_MARKS: readonly Mark[] = Object.freeze([])
