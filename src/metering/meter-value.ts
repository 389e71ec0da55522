import type { Mark } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { quantityFemtos } from '../model/quantity.ts'

/**
 * What the marks of one meter and one tenant come to over a span, in femtos.
 *
 * Marks of several aggregations, as after a change of the file, are added. A level holds until the next one,
 * up to the end of the span, and before the first one it is 0; its mean is rounded at the 15th place, half up.
 * Where `whole` is longer than the span, the mean is that of `whole` with nothing outside of the span.
 */
export function meterValue(marks: readonly Mark[], span: Period, whole = span): bigint {
  let value = 0n
  const levels: Mark[] = []
  for (const mark of marks) {
    if (mark.aggregation === 'time-weighted') levels.push(mark)
    else if (mark.aggregation !== 'leak') value += quantityFemtos(mark.quantity)
  }
  return levels.length === 0 ? value : value + meanLevel(levels, span, whole)
}

function meanLevel(levels: readonly Mark[], { startMs, endMs }: Period, whole: Period): bigint {
  let level = 0n
  let sinceMs = startMs
  let area = 0n
  for (const { atMs, quantity } of levels.toSorted((one, other) => one.atMs - other.atMs)) {
    const fromMs = Math.min(Math.max(atMs, startMs), endMs)
    area += level * BigInt(fromMs - sinceMs)
    sinceMs = fromMs
    level = quantityFemtos(quantity)
  }
  area += level * BigInt(endMs - sinceMs)
  const lengthMs = BigInt(whole.endMs - whole.startMs)
  return (2n * area + lengthMs) / (2n * lengthMs)
}
