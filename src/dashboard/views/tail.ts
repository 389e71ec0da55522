import type { Call } from '../board-data.ts'
import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { LOOK_BACK } from '../feeds.ts'
import { grouped } from '../figures.ts'
import { faint, type Line, line, type Tone, toned } from '../line.ts'
import { chosenIndex } from '../press.ts'
import { callsShown } from '../rows.ts'
import { STATUS_FILTERS } from '../ui-state.ts'
import type { Page } from './page.ts'

/** The last calls, newest first: time, method, path, status, milliseconds, tenant, key. */
export function tailPage(page: Page): readonly Line[] {
  const { data, ui } = page
  const filter = STATUS_FILTERS[ui.statusFilter]
  const shown = callsShown(data, ui)
  const what = [
    `${shown.length} of the last ${data.calls?.length ?? 0} calls`,
    filter === undefined ? 'every status' : `only ${filter}`,
    ...(ui.search === '' ? [] : [`that match "${ui.search}"`]),
  ]
  return [line(faint(what.join(', '))), ...callLines(page, shown, page.rows - 1)]
}

/** A list of calls in so many lines, its heading among them. */
export function callLines(
  { data, ui, columns }: Page,
  calls: readonly Call[],
  rows: number,
): readonly Line[] {
  if (data.calls === undefined) return [line(faint('reading …'))]
  if (calls.length === 0) return [line(faint(`No calls among the last ${grouped(LOOK_BACK.some)}.`))]
  const laid = layOut(COLUMNS, columns - 2)
  const index = chosenIndex(ui, calls)
  const { shown, start } = windowOf(calls, index, rows - 1)
  return [
    headingLine(laid),
    ...shown.map((call, place) => rowLine(laid, valuesOf(call), start + place === index)),
  ]
}

const COLUMNS = [
  { title: 'UTC', cells: 8, leaves: 2 },
  { title: 'METHOD', cells: 6 },
  { title: 'PATH', cells: 12, grows: true },
  { title: 'STATUS', cells: 6, align: 'right' },
  { title: 'MS', cells: 6, align: 'right' },
  { title: 'TENANT', cells: 12 },
  { title: 'KEY', cells: 14, leaves: 1 },
  { title: 'REFUSAL', cells: 16, leaves: 4 },
  { title: 'REQUEST', cells: 26, leaves: 5 },
] as const

function valuesOf(call: Call) {
  const status = call.status_code === 0 ? '–' : String(call.status_code)
  const times = call.count > 1 ? ` (${call.count} calls)` : ''
  return [
    call.timestamp.slice(11, 19),
    call.method || 'event',
    `${call.endpoint}${times}`,
    toned(toneOf(call), status),
    call.outcome === 'open' ? '…' : call.source === 'gateway' ? String(call.response_time_ms) : '–',
    call.tenant_id || '–',
    call.key_id || '–',
    call.refusal,
    call.request_id,
  ]
}

function toneOf({ status_code: status, source }: Call): Tone | undefined {
  if (source !== 'gateway') return undefined
  return status >= 500 || status === 0 ? 'bad' : status >= 400 ? 'warn' : 'good'
}
