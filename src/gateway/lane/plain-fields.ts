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
 * Reads fields, name, value, name, value …, from `start` to the end of `text`, which are the first bytes as latin1;
 * undefined if any has a name of other characters than `names`, or a value that is not plain.
 */
export function readPlainFields(
  bytes: Buffer,
  text: string,
  start: number,
  names: ByteTable,
): string[] | undefined {
  const fields: string[] = []
  let at = start
  while (at < text.length) {
    const nameStart = at
    while (names[bytes[at] ?? 0] === 1) at += 1
    if (at === nameStart || bytes[at] !== COLON) return undefined
    const name = text.slice(nameStart, at)
    const valueStart = at + (bytes[at + 1] === SPACE ? 2 : 1)
    at = endOfText(bytes, valueStart)
    // A value with space around it, or none, is read alike by most, and not by all.
    if (bytes[valueStart] === SPACE || bytes[at - 1] === SPACE || at === valueStart) return undefined
    if (!endsLine(bytes, at)) return undefined
    fields.push(name, text.slice(valueStart, at))
    at += 2
  }
  return fields
}
