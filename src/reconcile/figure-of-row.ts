import { GatezError } from '../errors/gatez-error.ts'
import { parseCsv } from '../lib/csv.ts'
import { parseIsoTime } from '../lib/iso-time.ts'
import type { FigureParts } from './figure.ts'

/** A row of a CSV export, and what it says of a meter. */
export interface ExportedRow {
  readonly parts: FigureParts
  readonly startMs: number
  readonly endMs: number
  /** What the file says; undefined for a meter that it has no column of. */
  readonly stated: (meter: string) => string | undefined
}

/**
 * Reads one row of a file that `gatez usage export` wrote, by the number of its line (the heading is line 1).
 *
 * Throws `invalid-parameter` when there is no such line, or it is none of such a file.
 */
export function figureOfRow(
  text: string,
  { file, line }: { readonly file: string; readonly line: number },
): ExportedRow {
  const { records } = parseCsv(text)
  const [head, ...rows] = records
  const row = rows.find((record) => record.line === line)
  if (head === undefined || !head.fields.includes('period_start') || !head.fields.includes('requests')) {
    throw new GatezError('invalid-parameter', `${file} is no CSV that gatez usage export wrote.`)
  }
  if (row === undefined) {
    const last = rows.at(-1)?.line
    const there = last === undefined ? 'it has none' : `its rows are on lines 2 to ${last}`
    throw new GatezError('invalid-parameter', `${file} has no row on line ${line}: ${there}.`)
  }
  const cell = (column: string): string | undefined => {
    const at = head.fields.indexOf(column)
    // What a spreadsheet could take for a formula has a mark before it.
    return at === -1 ? undefined : row.fields[at]?.replace(/^'(?=[=+\-@])/, '')
  }
  const [startMs, endMs] = [cell('period_start'), cell('period_end')].map((time) => parseIsoTime(time ?? ''))
  if (startMs === undefined || endMs === undefined) {
    throw new GatezError('invalid-parameter', `${file}, line ${line}: period_start or period_end is no time.`)
  }
  return { parts: partsOf(cell), startMs, endMs, stated: (meter) => cell(columnOf(meter, head.fields)) }
}

function partsOf(cell: (column: string) => string | undefined): FigureParts {
  const status = cell('status')
  return {
    tenantId: cell('tenant_id'),
    keyId: cell('key_id'),
    routeId: cell('route_id'),
    apiId: cell('api_id'),
    planId: cell('plan_id'),
    statusClass: status === undefined ? undefined : status === 'none' ? 0 : Number(status.slice(0, 1)),
  }
}

function columnOf(meter: string, columns: readonly string[]): string {
  const own = COLUMNS[meter]
  if (own !== undefined) return own
  return columns.includes(`meter_${meter}`) ? `meter_${meter}` : meter
}

const COLUMNS: Readonly<Record<string, string>> = {
  calls: 'billable',
  units: 'usage_units',
  bytes_in: 'bytes_received',
  bytes_out: 'bytes_sent',
  bandwidth: '',
  duration_ms: '',
}
