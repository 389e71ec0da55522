import { assert } from '../../lib/assert.ts'

/**
 * Remembers under which number a store keeps a name of several fields.
 *
 * Bounded: when `capacity` names are in it, the next one empties it, and names are looked up in the
 * store again. Names are found by their most telling field and compared field by field, which costs
 * a fraction of joining all fields into one text.
 */
export class NumberCache<Name, Numbered extends Name> {
  readonly #parts: NumberCacheParts<Name>
  readonly #byField = new Map<string, Numbered[]>()
  #size = 0

  constructor(parts: NumberCacheParts<Name>) {
    assert(parts.capacity >= 1, 'a cache holds at least one name')
    this.#parts = parts
  }

  find(name: Name): Numbered | undefined {
    const candidates = this.#byField.get(this.#parts.field(name))
    if (candidates === undefined) return undefined
    const { same } = this.#parts
    for (const candidate of candidates) if (same(candidate, name)) return candidate
    return undefined
  }

  /** `numbered` must not be in the cache. */
  add(numbered: Numbered): void {
    if (this.#size >= this.#parts.capacity) this.clear()
    this.#size += 1
    const field = this.#parts.field(numbered)
    const candidates = this.#byField.get(field)
    if (candidates === undefined) this.#byField.set(field, [numbered])
    else candidates.push(numbered)
  }

  clear(): void {
    this.#byField.clear()
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<Numbered> {
    for (const candidates of this.#byField.values()) yield* candidates
  }
}

export interface NumberCacheParts<Name> {
  readonly capacity: number
  /** The field in which names differ most. */
  readonly field: (name: Name) => string
  readonly same: (left: Name, right: Name) => boolean
}
