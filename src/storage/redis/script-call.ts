/**
 * What a script is called with: keys and words, as the bytes that the server reads.
 *
 * A driver that is given arrays writes each key and word anew with every call. Those of a call's counters are
 * always the same: they are written once, and copied behind those of other calls.
 */
export class ScriptCall {
  readonly #keys: Uint8Array[] = []
  #keyCount = 0
  #firstKey: string | undefined
  readonly #words: Uint8Array[] = []
  #wordCount = 0

  get keyCount(): number {
    return this.#keyCount
  }

  /** Where in a cluster it is run; undefined without keys. */
  get firstKey(): string | undefined {
    return this.#firstKey
  }

  addKeys(keys: readonly string[]): this {
    this.#firstKey ??= keys[0]
    this.#keyCount += keys.length
    this.#keys.push(write(keys))
    return this
  }

  addWords(words: readonly string[]): this {
    this.#wordCount += words.length
    this.#words.push(write(words))
    return this
  }

  /** Adds the keys of another call behind the keys, its words behind the words. */
  join(other: ScriptCall): this {
    this.#firstKey ??= other.#firstKey
    this.#keyCount += other.#keyCount
    for (const keys of other.#keys) this.#keys.push(keys)
    this.#wordCount += other.#wordCount
    for (const words of other.#words) this.#words.push(words)
    return this
  }

  /** The whole command: `evalsha` with the script's digest, or `eval` with its source. */
  written(command: 'evalsha' | 'eval', script: string): Buffer {
    const count = `*${3 + this.#keyCount + this.#wordCount}\r\n`
    const head = [Buffer.from(count), write([command, script, String(this.#keyCount)])]
    return Buffer.concat([...head, ...this.#keys, ...this.#words])
  }
}

/** Texts as RESP has them: each the number of its bytes, then itself. */
function write(texts: readonly string[]): Uint8Array {
  return Buffer.from(texts.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`).join(''))
}
