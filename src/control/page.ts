import { GatezError } from '../errors/gatez-error.ts'

const LIMIT = 100

/**
 * One page of a list that is sorted by `placeOf`, and where the next one begins.
 *
 * The place of the last item is in the cursor, not its number: what is added or removed meanwhile makes
 * nothing come twice or not at all.
 */
export function pageFrom<Item>(items: readonly Item[], asked: AskedPage, placeOf: (item: Item) => string) {
  const size = Number(asked.limit ?? LIMIT)
  const after = asked.cursor === undefined ? undefined : readCursor(asked.cursor)
  const start = after === undefined ? 0 : startAfter(items, after, placeOf)
  const data = items.slice(start, start + size)
  const last = data.at(-1)
  const isMore = start + size < items.length && last !== undefined
  return { data: [...data], next: isMore ? cursorOf(placeOf(last)) : null }
}

export interface AskedPage {
  readonly limit?: string | undefined
  readonly cursor?: string | undefined
}

/** The place a cursor stands for; throws `invalid-parameter` for what is none. */
export function readCursor(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString()
  if (place !== '' && Buffer.from(place).toString('base64url') === cursor) return place
  throw new GatezError('invalid-parameter', 'cursor is none that next ever said; begin without one.')
}

/** The cursor for a place. */
export function cursorOf(place: string): string {
  return Buffer.from(place).toString('base64url')
}

/** The number a cursor stands for. */
export function cursorPlace(cursor: string): number {
  const place = readCursor(cursor)
  if (/^\d{1,15}$/.test(place)) return Number(place)
  throw new GatezError('invalid-parameter', 'cursor is none that next ever said; begin without one.')
}

function startAfter<Item>(items: readonly Item[], after: string, placeOf: (item: Item) => string): number {
  const places = items.map(placeOf)
  const known = places.indexOf(after)
  if (known !== -1) return known + 1
  // The item is gone: go on where it would stand, in whichever direction the list runs.
  const [first = '', last = ''] = [places[0], places.at(-1)]
  const rises = first <= last
  const next = places.findIndex((place) => (rises ? place > after : place < after))
  return next === -1 ? places.length : next
}
