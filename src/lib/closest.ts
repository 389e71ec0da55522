/**
 * The candidate that `word` was most likely meant to be; undefined if none is near.
 *
 * Near means: few slips of the finger (a third of the word's length, at least one), or the word is the
 * beginning of the candidate. Upper and lower case are the same. Of equals the first candidate wins.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase().slice(0, LENGTH_MAX)
  const slipsMax = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let bestSlips = slipsMax + 1
  for (const candidate of candidates) {
    const found = candidate.toLowerCase().slice(0, LENGTH_MAX)
    const isBeginning = wanted.length >= 3 && found.length > wanted.length && found.startsWith(wanted)
    const slips = isBeginning ? Math.min(1, slipsMax) : slipsBetween(wanted, found, bestSlips)
    if (slips >= bestSlips) continue
    best = candidate
    bestSlips = slips
  }
  return best
}

/** A sentence's end that offers the nearest candidate, as ` (did you mean keys?)`; empty if none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates)
  return found === undefined ? '' : ` (did you mean ${found}?)`
}

/** Longer words are compared by their beginning only, so that a hostile one costs little. */
const LENGTH_MAX = 64

/** Letters to insert, drop, replace or swap with a neighbour (optimal string alignment). */
function slipsBetween(from: string, to: string, tooMany: number): number {
  if (Math.abs(from.length - to.length) >= tooMany) return tooMany
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      let slips = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      )
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (isSwap) slips = Math.min(slips, at(beforeLast, column - 2) + 1)
      current.push(slips)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
