import type { Aggregation, Mark } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { formatQuantity, QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'

/**
 * What the values of one meter come to, counted again.
 *
 * By the same rules as `rollUp` and `meterValue`, and deliberately not by their code: a mistake there must
 * not be made here as well.
 */
export class MeterTally {
  /** Of `sum` and `count`, in femtos; undefined when nothing was added up. */
  added: bigint | undefined
  #highest: bigint | undefined
  #last: Reading | undefined
  readonly #members = new Set<string>()
  /** By their moment. */
  readonly #levels = new Map<number, Reading>()
  readonly #leaks = new Map<string, bigint>()

  /** Takes a value as an event has it. One that is none of its aggregation is a leak. */
  take(aggregation: Aggregation, value: unknown, from: { timestampMs: number; id: string }): void {
    if (!isValue(aggregation, value)) {
      this.leak('invalid', 1n)
      return
    }
    const of = { atMs: from.timestampMs, eventId: from.id }
    if (aggregation === 'count') this.add(ONE)
    else if (aggregation === 'unique_count') this.#members.add(value)
    else this.#takeNumber(aggregation, { ...of, femtos: quantityFemtos(value) })
  }

  /** Takes what a rollup keeps of values. */
  takeMark({ aggregation, member, atMs, eventId, quantity }: Mark): void {
    if (aggregation === 'unique_count') this.#members.add(member)
    else if (aggregation === 'leak') this.leak(member, quantityFemtos(quantity) / ONE)
    else this.#takeNumber(aggregation, { atMs, eventId, femtos: quantityFemtos(quantity) })
  }

  /** Takes what is added up of a rollup. */
  add(femtos: bigint): void {
    this.added = (this.added ?? 0n) + femtos
  }

  /** A value that should be there and is not. */
  leak(reason: string, times: bigint): void {
    this.#leaks.set(reason, (this.#leaks.get(reason) ?? 0n) + times)
  }

  /** All that another tally took. */
  takeAll(other: MeterTally): void {
    if (other.added !== undefined) this.add(other.added)
    if (other.#highest !== undefined)
      this.#takeNumber('max', { atMs: 0, eventId: '', femtos: other.#highest })
    if (other.#last !== undefined) this.#takeNumber('latest', other.#last)
    for (const member of other.#members) this.#members.add(member)
    for (const level of other.#levels.values()) this.#takeNumber('time-weighted', level)
    for (const [reason, times] of other.#leaks) this.leak(reason, times)
  }

  /** Whether it is more than what can be added up. */
  get isMarked(): boolean {
    const sizes = this.#members.size + this.#levels.size
    return sizes > 0 || this.#highest !== undefined || this.#last !== undefined
  }

  /** What a rollup should keep of it, each thing as a text under a name. */
  marks(): ReadonlyMap<string, string> {
    const marks = new Map<string, string>()
    if (this.#highest !== undefined)
      marks.set('max\t', textOf({ atMs: 0, eventId: '', femtos: this.#highest }))
    if (this.#last !== undefined) marks.set('latest\t', textOf(this.#last))
    for (const member of this.#members) marks.set(`unique_count\t${member}`, COUNTED)
    for (const level of this.#levels.values()) marks.set(`time-weighted\t${level.atMs}`, textOf(level))
    for (const [reason, times] of this.#leaks) {
      marks.set(`leak\t${reason}`, textOf({ atMs: 0, eventId: '', femtos: times * ONE }))
    }
    return marks
  }

  /** The one number that it comes to over a span, in femtos. */
  value(span: Period): bigint {
    const simple = (this.added ?? 0n) + (this.#highest ?? 0n) + (this.#last?.femtos ?? 0n)
    return simple + BigInt(this.#members.size) * ONE + this.#meanLevel(span)
  }

  /** From one level to the next, each weighs as long as it held; before the first there was nothing. */
  #meanLevel({ startMs, endMs }: Period): bigint {
    const levels = [...this.#levels.values()].sort((one, other) => one.atMs - other.atMs)
    if (levels.length === 0) return 0n
    let area = 0n
    for (const [index, { atMs, femtos }] of levels.entries()) {
      const untilMs = Math.min(levels[index + 1]?.atMs ?? endMs, endMs)
      const heldMs = untilMs - Math.max(atMs, startMs)
      if (heldMs > 0) area += femtos * BigInt(heldMs)
    }
    const lengthMs = BigInt(endMs - startMs)
    return (2n * area + lengthMs) / (2n * lengthMs)
  }

  #takeNumber(aggregation: Exclude<Aggregation, 'count' | 'unique_count'>, reading: Reading): void {
    if (aggregation === 'sum') this.add(reading.femtos)
    else if (aggregation === 'max') {
      if (this.#highest === undefined || reading.femtos > this.#highest) this.#highest = reading.femtos
    } else if (aggregation === 'latest') this.#last = later(this.#last, reading)
    else this.#levels.set(reading.atMs, later(this.#levels.get(reading.atMs), reading))
  }
}

/** A mark as `MeterTally.marks` writes it. */
export function markText({ aggregation, member, atMs, eventId, quantity }: Mark): readonly [string, string] {
  return [`${aggregation}\t${member}`, textOf({ atMs, eventId, femtos: quantityFemtos(quantity) })]
}

interface Reading {
  readonly atMs: number
  readonly eventId: string
  readonly femtos: bigint
}

/** Of one moment the larger id, as ids of one maker rise; the larger value where even that is the same. */
function later(one: Reading | undefined, other: Reading): Reading {
  if (one === undefined || one.atMs < other.atMs) return other
  if (one.atMs > other.atMs) return one
  if (one.eventId !== other.eventId) return one.eventId > other.eventId ? one : other
  return one.femtos >= other.femtos ? one : other
}

/** Whether a value can be counted so. What someone wrote into a store by hand may be no value at all. */
export function isValue(aggregation: Aggregation, value: unknown): value is string {
  if (typeof value !== 'string') return false
  if (aggregation === 'unique_count') return /^(?:[!-~]|[!-~][ -~]{0,126}[!-~])$/.test(value)
  return /^-?\d{1,24}(?:\.\d{1,15})?$/.test(value)
}

function textOf({ atMs, eventId, femtos }: Reading): string {
  return `${atMs}\t${eventId}\t${formatQuantity(femtos)}`
}

const ONE = 10n ** BigInt(QUANTITY_PLACES)
const COUNTED = textOf({ atMs: 0, eventId: '', femtos: ONE })
