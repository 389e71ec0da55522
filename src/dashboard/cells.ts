/** `text` as one line of a terminal: what would move the cursor or colour the screen becomes a dot. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '·')
}

/** How many cells of a terminal `text` takes. */
export function cellsOf(text: string): number {
  let cells = 0
  for (const letter of text) cells += cellsOfLetter(letter)
  return cells
}

/** `text` in exactly `cells` cells: cut with … at its end, or filled up with spaces. */
export function inCells(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(printable(text), cells)
  const space = ' '.repeat(Math.max(0, cells - cellsOf(shown)))
  return align === 'left' ? shown + space : space + shown
}

/** `text` in pieces of at most `cells` cells each; no letter is torn apart. */
export function inPieces(text: string, cells: number): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  let used = 0
  for (const letter of text) {
    const wide = cellsOfLetter(letter)
    if (used + wide > cells && piece !== '') {
      pieces.push(piece)
      piece = ''
      used = 0
    }
    piece += letter
    used += wide
  }
  return [...pieces, piece]
}

/** The beginning of `text` that fits, with … where something is left out. */
export function cut(text: string, cells: number): string {
  if (cellsOf(text) <= cells) return text
  let taken = ''
  let used = 1
  for (const letter of text) {
    used += cellsOfLetter(letter)
    if (used > cells) break
    taken += letter
  }
  return cells < 1 ? '' : `${taken}…`
}

function cellsOfLetter(letter: string): number {
  const code = letter.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (ZERO.test(letter)) return 0
  return WIDE.test(letter) ? 2 : 1
}

// Control characters, those that turn the direction of writing, line separators, and halves of letters.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const ZERO = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])$/u
