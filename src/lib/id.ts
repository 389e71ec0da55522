import { randomBytes, randomInt } from 'node:crypto'
import { assert } from './assert.ts'
import type { Clock } from './clock.ts'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CROCKFORD_LOWER = CROCKFORD.toLowerCase()
/** All texts of two characters, in order: an id is made for every request. */
const PAIRS = Array.from({ length: 1024 }, (_, value) => base32(value, 2))
const TIME_LENGTH = 10
const COUNTER_LENGTH = 7
const COUNTER_END = 32 ** COUNTER_LENGTH

/**
 * Makes event ids: ULIDs that sort by time and never repeat.
 *
 * 48 bits of milliseconds, then 9 characters that are fixed for one run of one thread (five random
 * ones drawn at its start, the epoch, the thread), then a counter. A clock that steps back keeps the
 * last millisecond and counts on, so ids of one maker always rise.
 */
export class UlidMaker {
  readonly #clock: Clock
  readonly #origin: string
  #lastMs = -1
  #timePart = ''
  /** Origin and all of the counter but its last two characters. */
  #highPart = ''
  #counter: number

  /** `epoch` counts the starts of this node, `thread` is 0…31. */
  constructor(clock: Clock, place: { readonly epoch: number; readonly thread: number }) {
    assert(place.thread >= 0 && place.thread < 32, 'a thread number is below 32')
    this.#clock = clock
    const run = Array.from(randomBytes(5), (byte) => CROCKFORD[byte % 32]).join('')
    this.#origin = run + base32(place.epoch % 32 ** 3, 3) + base32(place.thread, 1)
    this.#counter = randomInt(2 ** 20)
  }

  /** The next id: 26 characters. */
  next(): string {
    const nowMs = this.#clock.nowMs()
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs
      this.#timePart = base32(nowMs, TIME_LENGTH)
    }
    this.#counter += 1
    const low = this.#counter % PAIRS.length
    if (low === 0 || this.#highPart === '') {
      assert(this.#counter < COUNTER_END, 'fewer than 2^35 ids in one run')
      this.#highPart = this.#origin + base32(Math.floor(this.#counter / PAIRS.length), COUNTER_LENGTH - 2)
    }
    return this.#timePart + this.#highPart + PAIRS[low]
  }
}

/** The moment a ULID was made, in ms since 1970; undefined if `id` is no ULID. */
export function ulidTimeMs(id: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return undefined
  let timeMs = 0
  for (const char of id.slice(0, TIME_LENGTH)) timeMs = timeMs * 32 + CROCKFORD.indexOf(char)
  return timeMs
}

/** A new random id with a prefix, as `key_2f6k…`: 100 random bits, lower case, no look-alikes. */
export function prefixedId(prefix: string): string {
  return `${prefix}_${Array.from(randomBytes(20), (byte) => CROCKFORD_LOWER[byte % 32]).join('')}`
}

function base32(value: number, length: number): string {
  let text = ''
  let rest = value
  for (let index = 0; index < length; index += 1) {
    text = CROCKFORD[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
