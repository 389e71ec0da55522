import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'

/** A column of a table: its heading, and on which side its cells stand. */
export interface TableColumn {
  readonly title: string
  /** Numbers stand on the right. */
  readonly align?: 'left' | 'right'
  /** Never wrapped: ids that people copy. */
  readonly whole?: boolean
  /** Left out, the last such column first, where the table would not fit otherwise. */
  readonly mayGo?: boolean
}

/**
 * A table with light lines, no wider than the terminal (80 columns where there is none).
 *
 * What does not fit is wrapped in the widest columns on the left side; numbers and headings stay whole.
 * Where that is not enough, columns that may go are left out, and a line says which.
 * Only the heading is styled, and only on a terminal that wants it (NO_COLOR, pipes). Ends without a
 * line feed.
 */
export function renderTable(
  allColumns: readonly TableColumn[],
  allRows: readonly (readonly string[])[],
  widthMax: number = process.stdout.columns || 80,
): string {
  const kept = columnsThatFit(allColumns, allRows, widthMax)
  const columns = allColumns.filter((_, index) => kept.has(index))
  const rows = allRows.map((row) => row.filter((_, index) => kept.has(index)))
  const gone = allColumns.filter((_, index) => !kept.has(index)).map(({ title }) => title)
  const head = columns.map((column) => styleText('bold', column.title, { stream: process.stdout }))
  const colWidths = columnWidths(columns, rows, widthMax)
  const pieces: string[] = []
  for (let at = 0; at === 0 || at < rows.length; at += ROWS_AT_ONCE) {
    const table = new Table({
      head: at === 0 ? head : [],
      colAligns: columns.map((column) => column.align ?? 'left'),
      colWidths,
      wordWrap: true,
      wrapOnWordBoundary: false,
      chars: LIGHT,
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': PADDING },
    })
    for (const row of rows.slice(at, at + ROWS_AT_ONCE)) table.push(row.map(printable))
    pieces.push(table.toString())
  }
  const text = fitRule(pieces.join('\n').replaceAll(/ +$/gm, ''))
  return gone.length === 0 ? text : `${text}\n\nLeft out for want of room: ${gone.join(', ')}.`
}

/** Makes the rule under the heading as long as the longest line; the table gives it the last padding too. */
function fitRule(text: string): string {
  const lines = text.split('\n')
  const isRule = (line: string): boolean => /^─+$/.test(line)
  let widest = 0
  for (const line of lines) {
    if (!isRule(line)) widest = Math.max(widest, widthOf(stripVTControlCharacters(line)))
  }
  return lines.map((line) => (isRule(line) ? '─'.repeat(widest) : line)).join('\n')
}

/** A table takes time by the square of its rows: 31,000 at once took two minutes. */
const ROWS_AT_ONCE = 100

const PADDING = 2

/** A line under the heading only, no frame, so that rows can be copied. */
const LIGHT = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  right: '',
  'right-mid': '',
  mid: '─',
  'mid-mid': '',
  middle: '',
} as const

/** Positions of the columns that fit side by side, wrapped as far as they may be. */
function columnsThatFit(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  widthMax: number,
): ReadonlySet<number> {
  const kept = new Set(columns.keys())
  const widths = columns.map((column, index) => widthOfColumn(column, index, rows))
  const least = (index: number): number => {
    const column = columns[index]
    const width = widths[index] ?? 0
    if (column === undefined || column.align === 'right' || column.whole === true) return width
    return Math.min(width, Math.max(column.title.length, 12) + PADDING)
  }
  for (const index of [...columns.keys()].reverse()) {
    // The last column needs no padding behind it.
    if ([...kept].reduce((sum, each) => sum + least(each), -PADDING) <= widthMax) break
    if (columns[index]?.mayGo === true) kept.delete(index)
  }
  return kept
}

function widthOfColumn(column: TableColumn, index: number, rows: readonly (readonly string[])[]): number {
  let widest = column.title.length
  for (const row of rows) widest = Math.max(widest, widthOf(printable(row[index] ?? '')))
  return widest + PADDING
}

function columnWidths(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  widthMax: number,
): number[] {
  const widths = columns.map((column, index) => widthOfColumn(column, index, rows))
  let excess = widths.reduce((sum, width) => sum + width, 0) - widthMax
  while (excess > 0) {
    const widest = widestThatMayShrink(columns, widths)
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess -= 1
  }
  return widths
}

function widestThatMayShrink(columns: readonly TableColumn[], widths: readonly number[]): number | undefined {
  let widest: number | undefined
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0
    const widthMin = Math.max(column.title.length, 12) + PADDING
    if (column.align === 'right' || column.whole === true || width <= widthMin) continue
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index
  }
  return widest
}

/** Columns of a terminal; Chinese, Japanese, Korean letters and pictures take two. */
function widthOf(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0)
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/gu

/** Without what would move the cursor or change colours of the terminal: names and paths come from users. */
export function printable(cell: string): string {
  return cell.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}
