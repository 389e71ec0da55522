// What plain requests and plain answers have in common: lines of visible ASCII, read strictly.

/** Ends a head. */
export const HEAD_END = '\r\n\r\n'

/** What a byte may be, one entry each: 1 if it may. */
export type ByteTable = Uint8Array

/** A table that allows these characters. */
export function tableOf(characters: string): ByteTable {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

/** Letters and digits, of ASCII. */
export const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The one byte that may stand inside of lines. */
export const SPACE = 0x20
const [COLON, CR, LF] = [0x3a, 0x0d, 0x0a]

/** Visible ASCII and space. */
const VALUE: ByteTable = new Uint8Array(256).fill(1, 0x20, 0x7f)

/** Where visible text that begins at `start` ends. */
export function endOfText(bytes: Buffer, start: number): number {
  let at = start
  while (VALUE[bytes[at] ?? 0] === 1) at += 1
  return at
}

/** Whether a line ends there, in the one right way. */
export function endsLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF
}

/**
 * The names of fields, each where it stood in the last head that was read.
 *
 * Heads of one origin name the same fields in the same order, mostly: a name that stands where it stood is not read
 * again letter by letter, and is the very text it was, of which V8 has worked out all it ever needs.
 */
export class NamesSeen {
  readonly letters: ByteTable
  readonly #told: (name: string) => string
  readonly #seen: Name[] = []

  /** `letters` may stand in a name; `told` is what is made of one. */
  constructor(letters: ByteTable, told: (name: string) => string) {
    this.letters = letters
    this.#told = told
  }

  /** The name that begins at `start`, as the field at `index`, with its colon; undefined if none does. */
  at(bytes: Buffer, text: string, start: number, index: number): Name | undefined {
    const seen = this.#seen[index]
    if (seen !== undefined && text.startsWith(seen.written, start)) return seen
    let end = start
    while (this.letters[bytes[end] ?? 0] === 1) end += 1
    if (end === start || bytes[end] !== COLON) return undefined
    // Text of its own: it outlives the head it stands in.
    const written = bytes.toString('latin1', start, end + 1)
    const name = { written, told: this.#told(written.slice(0, -1)) }
    if (index < SEEN_MAX && written.length <= NAME_BYTES_MAX) this.#seen[index] = name
    return name
  }
}

/** Heads with more fields, or longer names, are rare. */
const SEEN_MAX = 64
const NAME_BYTES_MAX = 64

interface Name {
  /** With the colon behind it. */
  readonly written: string
  readonly told: string
}

/**
 * Reads fields, name, value, name, value …, from `start` to the end of `text`, which are the first bytes as latin1;
 * undefined if any has a name that is none of `names`, or a value that is not plain.
 */
export function readPlainFields(
  bytes: Buffer,
  text: string,
  start: number,
  names: NamesSeen,
): string[] | undefined {
  const fields: string[] = []
  let at = start
  while (at < text.length) {
    const name = names.at(bytes, text, at, fields.length >> 1)
    if (name === undefined) return undefined
    at += name.written.length
    const valueStart = at + (bytes[at] === SPACE ? 1 : 0)
    at = endOfText(bytes, valueStart)
    // A value with space around it, or none, is read alike by most, and not by all.
    if (bytes[valueStart] === SPACE || bytes[at - 1] === SPACE || at === valueStart) return undefined
    if (!endsLine(bytes, at)) return undefined
    fields.push(name.told, text.slice(valueStart, at))
    at += 2
  }
  return fields
}
