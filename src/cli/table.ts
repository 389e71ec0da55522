import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'

/** A column of a table: its heading, and on which side its cells stand. */
export interface TableColumn {
  readonly title: string
  /** Numbers stand on the right. */
  readonly align?: 'left' | 'right'
  /** Never wrapped: ids that people copy. */
  readonly whole?: boolean
}

/**
 * A table with light lines, no wider than the terminal (80 columns where there is none).
 *
 * What does not fit is wrapped in the widest columns on the left side; numbers and headings stay whole.
 * Only the heading is styled, and only on a terminal that wants it (NO_COLOR, pipes). Ends without a
 * line feed.
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  widthMax: number = process.stdout.columns || 80,
): string {
  const table = new Table({
    head: columns.map((column) => styleText('bold', column.title, { stream: process.stdout })),
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: columnWidths(columns, rows, widthMax),
    wordWrap: true,
    wrapOnWordBoundary: false,
    chars: LIGHT,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': PADDING },
  })
  for (const row of rows) table.push(row.map(printable))
  return fitRule(table.toString().replaceAll(/ +$/gm, ''))
}

/** Makes the rule under the heading as long as the longest line; the table gives it the last padding too. */
function fitRule(text: string): string {
  const lines = text.split('\n')
  const isRule = (line: string): boolean => /^─+$/.test(line)
  const widest = lines.filter((line) => !isRule(line)).map((line) => widthOf(stripVTControlCharacters(line)))
  return lines.map((line) => (isRule(line) ? '─'.repeat(Math.max(0, ...widest)) : line)).join('\n')
}

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

function columnWidths(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  widthMax: number,
): number[] {
  const widths = columns.map((column, index) => {
    const cells = rows.map((row) => widthOf(printable(row[index] ?? '')))
    return Math.max(column.title.length, ...cells) + PADDING
  })
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
