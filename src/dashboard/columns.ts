import { cellsOf, inCells, inPieces, printable } from './cells.ts'
import { faint, type Line, type Piece } from './line.ts'

/** A column of a list. */
export interface Column {
  readonly title: string
  readonly cells: number
  readonly align?: 'left' | 'right'
  /** Takes what room is left, in equal parts with the others that do. */
  readonly grows?: boolean
  /** Left out where there is no room: the highest goes first. */
  readonly leaves?: number
}

const GAP = '  '

/** The columns there is room for in `width`, those that grow as wide as they can be. */
export function layOut(
  columns: readonly Column[],
  width: number,
): readonly (Column & { readonly at: number })[] {
  let kept = columns.map((column, at) => ({ ...column, at }))
  const needed = (): number => kept.reduce((sum, { cells }) => sum + cells, GAP.length * (kept.length - 1))
  while (needed() > width) {
    const most = Math.max(...kept.map(({ leaves = 0 }) => leaves))
    if (most === 0) break
    const gone = kept.findLast(({ leaves }) => leaves === most)
    kept = kept.filter((column) => column !== gone)
  }
  const growing = kept.filter(({ grows }) => grows === true).length
  const room = Math.max(0, width - needed())
  return kept.map((column) =>
    column.grows === true ? { ...column, cells: column.cells + Math.floor(room / growing) } : column,
  )
}

/** The titles above such rows. */
export function headingLine(columns: ReturnType<typeof layOut>): Line {
  return {
    pieces: [faint(`  ${columns.map(({ title, cells, align }) => inCells(title, cells, align)).join(GAP)}`)],
  }
}

/** One row; `values` are of all columns, those without room as well. */
export function rowLine(
  columns: ReturnType<typeof layOut>,
  values: readonly (string | Piece)[],
  isChosen: boolean,
): Line {
  const pieces: Piece[] = [{ text: isChosen ? '› ' : '  ' }]
  for (const [index, { cells, align, at }] of columns.entries()) {
    const value = values[at] ?? ''
    const piece = typeof value === 'string' ? { text: value } : value
    if (index > 0) pieces.push({ text: GAP })
    pieces.push({ ...piece, text: inCells(piece.text, cells, align) })
  }
  return { pieces, isChosen }
}

/** Words broken into lines of at most `width` cells; what is longer than a line is broken anywhere. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(/\s+/).map(printable)) {
    const longer = current === '' ? word : `${current} ${word}`
    if (cellsOf(longer) <= width) current = longer
    else {
      if (current !== '') lines.push(current)
      const pieces = inPieces(word, width)
      lines.push(...pieces.slice(0, -1))
      current = pieces.at(-1) ?? ''
    }
  }
  return current === '' ? lines : [...lines, current]
}

/** The rows around the chosen one that have room, and where they begin. */
export function windowOf<Row>(rows: readonly Row[], index: number, room: number) {
  const size = Math.max(1, room)
  const start = Math.max(0, Math.min(index - Math.floor(size / 2), rows.length - size))
  return { start, shown: rows.slice(start, start + size) }
}
