import { cellsOf } from './cells.ts'

/** A piece of a line in one style. */
export interface Piece {
  readonly text: string
  readonly tone?: Tone
  readonly bold?: boolean
}

/** What a colour says; nothing is told by colour alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'faint'

/** One line of the screen. */
export interface Line {
  readonly pieces: readonly Piece[]
  /** The one that keys act on. */
  readonly isChosen?: boolean
}

/** A line of pieces; a text is a piece without a style. */
export function line(...pieces: readonly (Piece | string)[]): Line {
  return { pieces: pieces.map((piece) => (typeof piece === 'string' ? { text: piece } : piece)) }
}

/** A text in a tone. */
export function toned(tone: Tone | undefined, text: string): Piece {
  return tone === undefined ? { text } : { text, tone }
}

/** A text that stands out. */
export function strong(text: string): Piece {
  return { text, bold: true }
}

/** A text that steps back. */
export function faint(text: string): Piece {
  return { text, tone: 'faint' }
}

/** The text of a line, without its styles. */
export function textOf({ pieces }: Line): string {
  return pieces.map(({ text }) => text).join('')
}

/** An empty line. */
export const BLANK: Line = { pieces: [] }

/** Two lists side by side, the right one from `cells` on. */
export function beside(left: readonly Line[], right: readonly Line[], cells: number): readonly Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const [one = BLANK, other = BLANK] = [left[index], right[index]]
    const space = ' '.repeat(Math.max(0, cells - cellsOf(textOf(one))))
    return { pieces: [...one.pieces, { text: space }, ...other.pieces], isChosen: other.isChosen === true }
  })
}
