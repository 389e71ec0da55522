import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { bar, grouped, short } from '../figures.ts'
import { faint, type Line, line, type Piece, type Tone, toned } from '../line.ts'
import { chosenIndex } from '../press.ts'
import { type Fullness, type TenantRow, tenantsShown } from '../rows.ts'
import { ORDERS } from '../ui-state.ts'
import type { Page } from './page.ts'

/** The tenants with how full their fullest limit and quota are. */
export function tenantsPage(page: Page): readonly Line[] {
  const { data, ui } = page
  const shown = tenantsShown(data, ui)
  const what = [
    `${shown.length} of ${data.tenants?.length ?? 0} tenants`,
    `by ${ORDERS[ui.order]}`,
    ...(ui.search === '' ? [] : [`that match "${ui.search}"`]),
  ]
  return [line(faint(what.join(', '))), ...tenantLines(page, shown, page.rows - 1)]
}

/** A list of tenants in so many lines, its heading among them. */
export function tenantLines(
  page: Page,
  tenants: readonly TenantRow[],
  rows: number,
  choosable = true,
): readonly Line[] {
  const { data, ui, columns } = page
  if (data.tenants === undefined) return [line(faint('reading …'))]
  if (tenants.length === 0) return [line(faint('No tenants.'))]
  const laid = layOut(COLUMNS, columns - 2)
  const index = chosenIndex(ui, tenants)
  const { shown, start } = windowOf(tenants, index, rows - 1)
  const barCells = Math.max(6, (laid.find(({ at }) => at === LIMIT_AT)?.cells ?? 0) - 5)
  return [
    headingLine(laid),
    ...shown.map((tenant, place) =>
      rowLine(laid, valuesOf(tenant, data.limits === null, barCells), choosable && start + place === index),
    ),
  ]
}

const LIMIT_AT = 4

const COLUMNS = [
  { title: 'TENANT', cells: 14, grows: true },
  { title: 'PLAN', cells: 10, leaves: 1 },
  { title: 'STATE', cells: 9, leaves: 2 },
  { title: 'REQUESTS', cells: 9, align: 'right' },
  { title: 'LIMIT', cells: 13, grows: true },
  { title: 'QUOTA', cells: 13, grows: true },
  { title: 'REFUSED', cells: 8, align: 'right', leaves: 3 },
  { title: 'AMOUNT', cells: 12, align: 'right', leaves: 4 },
] as const

function valuesOf(
  { id, plan, state, figures, limit, quota }: TenantRow,
  isAway: boolean,
  barCells: number,
): readonly (string | Piece)[] {
  return [
    id,
    plan,
    state === 'active' ? state : toned('warn', state),
    short(figures?.requests ?? 0),
    isAway ? faint('no gateway') : fullnessPiece(limit, barCells),
    fullnessPiece(quota, barCells),
    short(figures?.refused ?? 0),
    figures?.amount ?? '–',
  ]
}

/** A bar, and the percent beside it: colour says nothing that the number does not. */
function fullnessPiece(fullness: Fullness | undefined, cells: number): Piece {
  if (fullness === undefined) return faint('–')
  const { percent } = fullness
  return toned(fullTone(percent), `${bar(percent, cells)} ${String(Math.min(percent, 999)).padStart(3)}%`)
}

/** One limit or quota on a line of its own. */
export function fullnessLine({ name, used, of, percent }: Fullness, columns: number): Line {
  const cells = Math.max(10, Math.min(40, columns - 60))
  const figures = `${groupedText(used)} of ${groupedText(of)}`
  return line(
    `  ${name.padEnd(18).slice(0, 18)} `,
    toned(fullTone(percent), bar(percent, cells)),
    ` ${String(percent).padStart(3)} %  ${figures}`,
  )
}

function fullTone(percent: number): Tone {
  return percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'good'
}

function groupedText(decimal: string): string {
  return /^\d{1,15}$/.test(decimal) ? grouped(Number(decimal)) : decimal
}
