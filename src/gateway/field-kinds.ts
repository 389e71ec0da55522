/** What is done with a header field, by its name. 0 for every name that is not special. */
export const FORWARD = 0

/**
 * Tells special header fields from the many that just pass, whatever their case.
 *
 * Most names are told by their first letter and length alone, without looking anything up: this is
 * done for every field of every request and answer.
 */
export class FieldKinds {
  readonly #names: ReadonlyMap<string, number>
  readonly #prefixes: readonly (readonly [prefix: string, kind: number])[]
  readonly #twinKind: number | undefined
  /** For each first letter, the lengths (one bit each, 31 = longer) a special name may have. */
  readonly #lengths = new Int32Array(128)

  /**
   * Names and prefixes in lower case; a name goes before a prefix, a longer prefix first. Names that are
   * special but for `_` in the place of `-` are of `twinKind`, if that is given.
   */
  constructor(
    names: Readonly<Record<string, number>>,
    prefixes: readonly (readonly [prefix: string, kind: number])[],
    twinKind?: number,
  ) {
    this.#twinKind = twinKind
    this.#names = new Map(Object.entries(names))
    this.#prefixes = prefixes
    for (const name of this.#names.keys()) this.#allow(name, 1 << Math.min(name.length, 31))
    for (const [prefix] of prefixes) this.#allow(prefix, -1 << prefix.length)
  }

  /** The kind of a field by its name as written. */
  of(name: string): number {
    const lengths = this.#lengths[(name.charCodeAt(0) | 0x20) & 0x7f] ?? 0
    if ((lengths & (1 << Math.min(name.length, 31))) === 0) return FORWARD
    const lower = name.toLowerCase()
    const kind = this.#names.get(lower) ?? this.#twinOf(lower)
    if (kind !== undefined) return kind
    for (const [prefix, prefixKind] of this.#prefixes) if (lower.startsWith(prefix)) return prefixKind
    return FORWARD
  }

  /** Some servers read `-` and `_` alike: a twin of a special name passes for it there. */
  #twinOf(lower: string): number | undefined {
    if (this.#twinKind === undefined || !lower.includes('_')) return undefined
    return this.#names.has(lower.replaceAll('_', '-')) ? this.#twinKind : undefined
  }

  #allow(name: string, bits: number): void {
    const letter = name.charCodeAt(0)
    this.#lengths[letter] = (this.#lengths[letter] ?? 0) | bits
  }
}
