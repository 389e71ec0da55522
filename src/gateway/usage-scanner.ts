/**
 * Finds the `usage` object in a JSON text that passes by in pieces, without keeping the text.
 *
 * Looks for a member `usage` of the outermost object, and of its members `response` and `message`, where
 * some services have it. Only that is kept, up to a bound. In what is no JSON it finds nothing, or
 * something that is no JSON: whoever reads it must expect that.
 */
export class UsageScanner {
  #depth = 0
  #inString = false
  #escaped = false
  /** Whether the open brackets of depth 1 and 2 are objects. */
  readonly #objects = [false, false]
  /** The next string at this depth is a name. */
  #nameComes = false
  #inName = false
  #name = ''
  /** The last names at depth 1 and 2. */
  readonly #names = ['', '']
  /** Pieces of the value that is being kept; undefined when none is. */
  #kept: Buffer[] | undefined
  #keptBytes = 0
  #keptDepth = 0
  #tooLong = false
  #found: string | undefined

  /** The text of the last `usage` that was whole; undefined when there was none. */
  get found(): string | undefined {
    return this.#found
  }

  /** A `usage` was longer than the bound. */
  get tooLong(): boolean {
    return this.#tooLong
  }

  /** Begins with another text. */
  reset(): void {
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    this.#nameComes = false
    this.#inName = false
    this.#kept = undefined
    this.#found = undefined
  }

  push(bytes: Buffer): void {
    let keptFrom = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (this.#inString) this.#readString(byte)
      else if (byte === QUOTE) this.#beginString()
      else if (byte === COLON) {
        if (this.#isWanted()) keptFrom = this.#begin(at + 1)
      } else if (byte === COMMA) {
        this.#endOfValue(bytes, keptFrom, at)
        this.#nameComes = this.#objects[this.#depth - 1] === true
      } else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) this.#open(byte === BRACE_OPEN)
      else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
        this.#endOfValue(bytes, keptFrom, at)
        this.#depth -= 1
        this.#nameComes = false
      }
    }
    this.#keep(bytes.subarray(keptFrom))
  }

  #readString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) {
      this.#inString = false
      if (this.#inName) this.#names[this.#depth - 1] = this.#name
      this.#inName = false
      return
    }
    if (this.#inName && this.#name.length <= NAME_LENGTH_MAX) this.#name += String.fromCharCode(byte)
  }

  #beginString(): void {
    this.#inString = true
    this.#inName = this.#nameComes
    this.#nameComes = false
    if (this.#inName) this.#name = ''
  }

  #open(isObject: boolean): void {
    this.#depth += 1
    if (this.#depth <= 2) this.#objects[this.#depth - 1] = isObject
    this.#nameComes = isObject && this.#depth <= 2
  }

  #isWanted(): boolean {
    const [outer = '', inner = ''] = this.#names
    if (this.#depth === 1) return this.#objects[0] === true && outer === 'usage'
    return this.#depth === 2 && this.#objects[1] === true && inner === 'usage' && NESTS.has(outer)
  }

  #begin(at: number): number {
    this.#kept = []
    this.#keptBytes = 0
    this.#keptDepth = this.#depth
    return at
  }

  #endOfValue(bytes: Buffer, from: number, end: number): void {
    if (this.#kept === undefined || this.#depth !== this.#keptDepth) return
    this.#keep(bytes.subarray(from, end))
    if (this.#kept === undefined) return
    this.#found = Buffer.concat(this.#kept).toString()
    this.#kept = undefined
  }

  #keep(bytes: Buffer): void {
    if (this.#kept === undefined) return
    this.#keptBytes += bytes.length
    if (this.#keptBytes <= KEPT_BYTES_MAX) this.#kept.push(Buffer.from(bytes))
    else {
      this.#kept = undefined
      this.#tooLong = true
    }
  }
}

const KEPT_BYTES_MAX = 16_384
/** Longer names are none of those looked for. */
const NAME_LENGTH_MAX = 16
const NESTS: ReadonlySet<string> = new Set(['response', 'message'])

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BRACKET_OPEN = 0x5b
const BACKSLASH = 0x5c
const BRACKET_CLOSE = 0x5d
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d
