import type { BoardData } from './board-data.ts'
import { cut, inCells, printable } from './cells.ts'
import { wrapped } from './columns.ts'
import type { Wish } from './feeds.ts'
import { BLANK, faint, type Line, line, type Piece, strong, toned } from './line.ts'
import { rowsOf, tenantsShown } from './rows.ts'
import { openCall, openKey, openTenant, STATUS_FILTERS, screenOf, type Ui, VIEWS } from './ui-state.ts'
import { approvalsPage } from './views/approvals.ts'
import { callPage } from './views/call.ts'
import { healthPage } from './views/health.ts'
import { helpPage } from './views/help.ts'
import type { Draw } from './views/page.ts'
import { revenuePage } from './views/revenue.ts'
import { tailPage } from './views/tail.ts'
import { keyPage, tenantPage } from './views/tenant.ts'
import { tenantsPage } from './views/tenants.ts'
import { trafficPage } from './views/traffic.ts'

/** Fewer cells or lines show nothing but a word. */
const SMALLEST = { columns: 60, rows: 16 }
/** Lines that are not the page's: title and pages above; message and keys below. */
const FRAME_ROWS = 5
/** Tenants whose limits can be asked for at once. */
const LIMITS_MAX = 100

/** The whole screen: exactly as many lines as it is high, and nothing in them that a terminal would obey. */
export function drawScreen(screen: Screen): readonly Line[] {
  return linesOf(screen).map(({ pieces, ...how }) => ({
    ...how,
    pieces: pieces.map((piece) => ({ ...piece, text: printable(piece.text) })),
  }))
}

function linesOf(screen: Screen): readonly Line[] {
  const { data, ui, columns, rows } = screen
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
    const words = `gatez needs ${SMALLEST.columns}×${SMALLEST.rows}; this is ${columns}×${rows}.`
    return filled(
      wrapped(words, columns).map((text) => line(text)),
      rows,
    )
  }
  const draw: Draw = ui.isHelp ? helpPage : PAGES[screenOf(ui).kind]
  const page = draw({ data, ui, columns, rows: pageRowsOf(rows) })
  return [
    titleLine(screen),
    pagesLine(screen),
    BLANK,
    ...filled(page, pageRowsOf(rows)),
    messageLine(screen),
    keysLine(screen),
  ]
}

/** What a screen is drawn from. */
export interface Screen {
  readonly data: BoardData
  readonly ui: Ui
  /** Where the data comes from: a file, or an address. */
  readonly place: string
  readonly columns: number
  readonly rows: number
}

/** Lines a page has in a terminal so high. */
export function pageRowsOf(rows: number): number {
  return Math.max(1, rows - FRAME_ROWS)
}

/** What has to be read to draw it. */
export function wishOf(data: BoardData, ui: Ui): Wish {
  const screen = screenOf(ui)
  const tenant = openTenant(ui)
  const shown = screen.kind === 'traffic' || screen.kind === 'tenants' || screen.kind === 'approvals'
  const listed = shown ? tenantsShown(data, ui).map(({ id }) => id) : []
  const limitsOf = tenant === undefined ? listed.slice(0, LIMITS_MAX).sort() : [tenant]
  const status = screen.kind === 'tail' ? STATUS_FILTERS[ui.statusFilter] : undefined
  return {
    calls: { tenant: screen.kind === 'key' ? tenant : undefined, key: openKey(ui), status },
    ...{ limitsOf, tenant, call: openCall(ui), health: screen.kind === 'health' },
    revenue: screen.kind === 'revenue',
  }
}

const PAGES: Readonly<Record<ReturnType<typeof screenOf>['kind'], Draw>> = {
  traffic: trafficPage,
  tail: tailPage,
  tenants: tenantsPage,
  approvals: approvalsPage,
  revenue: revenuePage,
  health: healthPage,
  tenant: tenantPage,
  key: keyPage,
  call: callPage,
}

function titleLine({ data, ui, place, columns }: Screen): Line {
  const time = data.atMs === 0 ? '' : `${new Date(data.atMs).toISOString().slice(11, 19)} UTC`
  const state = ui.isPaused ? 'PAUSED' : data.traffic === null ? 'stores' : 'live'
  const room = columns - `gatez   ${state}  ${time}`.length
  const way = ui.steps.map((step) => ` › ${wordOf(step)}`).join('')
  return line(
    strong('gatez '),
    inCells(`${place}${way}`, room),
    { text: ` ${state} `, tone: ui.isPaused ? 'warn' : 'good', bold: true },
    faint(` ${time}`),
  )
}

function wordOf(step: Ui['steps'][number]): string {
  return step.kind === 'tenant' ? step.tenant : step.kind === 'key' ? step.key : step.call
}

function pagesLine({ data, ui, columns }: Screen): Line {
  const waiting = data.requests?.length ?? 0
  const bad = (data.health ?? []).filter(({ verdict }) => verdict !== 'ok').length
  const isNarrow = columns < 76
  const pieces = VIEWS.flatMap((view, index): Piece[] => {
    const count = view === 'approvals' ? waiting : view === 'health' ? bad : 0
    const name = isNarrow && view !== ui.view ? view.slice(0, 4) : view
    const text = `${index + 1} ${name}${count > 0 ? ` (${count})` : ''}`
    const isHere = view === ui.view
    return [
      { text: isHere ? `[${text}]` : ` ${text} `, bold: isHere, ...(isHere && { tone: 'accent' as const }) },
    ]
  })
  return { pieces }
}

function messageLine({ data, ui, columns }: Screen): Line {
  const { typing } = ui
  if (typing?.what === 'search')
    return line(strong('search: '), `${cut(typing.text, columns - 30)}▏`, faint('  Enter keeps, Esc ends'))
  if (typing !== undefined)
    return line(
      strong('reason: '),
      `${cut(typing.text, columns - 34)}▏`,
      faint('  Enter rejects, Esc does not'),
    )
  if (ui.note !== '') return line(toned('accent', cut(printable(ui.note), columns)))
  const [problem] = data.problems
  if (problem !== undefined)
    return line(toned('warn', cut(printable(`${problem[0]}: ${problem[1]}`), columns)))
  return ui.search === '' ? BLANK : line(faint(cut(`search: ${ui.search} (Esc ends it)`, columns)))
}

function keysLine({ data, ui, columns }: Screen): Line {
  const opens = rowsOf(data, ui).some((row) => row.opens !== undefined)
  const keys = [
    '? help',
    'q quit',
    ...(opens ? ['↑↓ choose', 'Enter open'] : []),
    ...(ui.steps.length > 0 ? ['Esc back'] : []),
    '/ search',
    ...(screenOf(ui).kind === 'tail' ? ['f status'] : []),
    ...(screenOf(ui).kind === 'tenants' ? ['o order'] : []),
    ...(screenOf(ui).kind === 'approvals' ? ['a approve', 'r reject'] : []),
    ui.isPaused ? 'p go on' : 'p pause',
  ]
  return line(faint(cut(keys.join('  '), columns)))
}

function filled(lines: readonly Line[], rows: number): readonly Line[] {
  return [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, () => BLANK)].slice(0, rows)
}
