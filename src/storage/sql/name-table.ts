import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import { chunksOf } from './chunks.ts'
import { NumberCache, type NumberCacheParts } from './number-cache.ts'
import type { ControlSchema } from './schema.ts'

/**
 * Names of several fields that the store keeps once, under a number; here with those met before.
 *
 * What a transaction numbers is remembered only when it was committed (`inTransaction`, `keep`): a
 * number that was rolled back may be given to another name.
 */
export class NameTable<Name, Numbered extends Name> {
  readonly #parts: NameTableParts<Name, Numbered>
  readonly #cache: NumberCache<Name, Numbered>
  readonly #committed: NameTable<Name, Numbered> | undefined

  constructor(parts: NameTableParts<Name, Numbered>, committed?: NameTable<Name, Numbered>) {
    this.#parts = parts
    this.#cache = new NumberCache(parts)
    this.#committed = committed
  }

  /** The same table as one transaction sees it. */
  inTransaction(): NameTable<Name, Numbered> {
    return new NameTable(this.#parts, this)
  }

  /** The transaction was committed: others may use what it found. */
  keep(): void {
    const committed = this.#committed
    assert(committed !== undefined, 'what is kept was found in a transaction')
    for (const numbered of this.#cache) committed.#add(numbered)
  }

  /** The numbers of all `names`, in their order; a name the store does not know is added to it. */
  async numbered(db: Kysely<ControlSchema>, names: readonly Name[]): Promise<readonly Numbered[]> {
    const all: Numbered[] = []
    let learned: ReadonlyMap<string, Numbered> | undefined
    for (const name of names) {
      let known = this.#find(name)
      if (known === undefined) {
        learned ??= await this.#learn(db, names)
        // A full cache may have forgotten a name that it still knew a moment ago.
        const text = this.#parts.text(name)
        known = learned.get(text) ?? (await this.#learn(db, [name])).get(text)
      }
      assert(known !== undefined, 'what the store was told to number has a number')
      all.push(known)
    }
    return all
  }

  /** Looks up, or adds, those of `names` that are not in memory. */
  async #learn(db: Kysely<ControlSchema>, names: readonly Name[]): Promise<ReadonlyMap<string, Numbered>> {
    const unknown = new Map<string, Name>()
    for (const name of names) if (this.#find(name) === undefined) unknown.set(this.#parts.text(name), name)
    // In one order everywhere: two writers that add the same names must not wait for each other.
    const sorted = [...unknown].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, name]) => name)

    const learned = new Map<string, Numbered>()
    for (const chunk of chunksOf(sorted, CHUNK_MAX)) {
      for (const numbered of await this.#parts.number(db, chunk)) {
        learned.set(this.#parts.text(numbered), numbered)
        this.#add(numbered)
      }
    }
    return learned
  }

  #find(name: Name): Numbered | undefined {
    const committed = this.#committed
    const known = committed === undefined ? undefined : committed.#cache.find(name)
    return known ?? this.#cache.find(name)
  }

  #add(numbered: Numbered): void {
    if (this.#cache.find(numbered) === undefined) this.#cache.add(numbered)
  }
}

export interface NameTableParts<Name, Numbered extends Name> extends NumberCacheParts<Name> {
  /** All fields in one text: equal for equal names only. */
  readonly text: (name: Name) => string
  /** Adds those of `names` that are new, and reads the numbers of all. */
  readonly number: (db: Kysely<ControlSchema>, names: readonly Name[]) => Promise<readonly Numbered[]>
}

/** SQLite joins 64 given names at some µs each; of 512 it no longer starts from the names. */
const CHUNK_MAX = 64
