import type { BoardData } from '../board-data.ts'
import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { grouped } from '../figures.ts'
import { BLANK, faint, type Line, line, type Piece, strong, toned } from '../line.ts'
import { chosenIndex } from '../press.ts'
import { tenantsShown } from '../rows.ts'
import type { Page } from './page.ts'

/** What the running periods come to so far and will come to, by plan and by tenant, the largest first. */
export function revenuePage({ data, ui, columns, rows }: Page): readonly Line[] {
  const { revenue } = data
  if (revenue === undefined) return [line(faint('reading …'))]
  const top = [...totalLines(revenue), ...planLines(revenue, Math.max(1, Math.floor(rows / 4))), BLANK]
  const shown = tenantsShown(data, ui)
  const laid = layOut(COLUMNS, columns - 2)
  const index = chosenIndex(ui, shown)
  const { shown: seen, start } = windowOf(shown, index, rows - top.length - 1)
  const amounts = new Map(revenue.tenants.map((tenant) => [tenant.tenant_id, tenant]))
  return [
    ...top,
    headingLine(laid),
    ...seen.map(({ id, plan, figures }, place) => {
      const { so_far: soFar = '–', forecast = '–', mrr = '–' } = amounts.get(id) ?? {}
      const values = [id, plan, grouped(figures?.billable ?? 0), soFar, forecast, mrr]
      return rowLine(laid, values, start + place === index)
    }),
  ].slice(0, rows)
}

type Revenue = NonNullable<BoardData['revenue']>

function totalLines(revenue: Revenue): readonly Line[] {
  const { currency, so_far: soFar, forecast, mrr, outstanding, overdue, unpriced } = revenue
  return [
    line(
      ...[faint('this period '), strong(`${soFar} ${currency}`), faint('   forecast '), strong(forecast)],
      ...[faint('   a month '), strong(mrr)],
    ),
    line(
      ...[faint('outstanding '), outstanding, faint('   overdue '), amountPiece(overdue)],
      ...(unpriced.length === 0
        ? []
        : [toned('bad', `   ${unpriced.length} without a price: gatez usage report`)]),
    ),
  ]
}

function amountPiece(overdue: string): Piece {
  return /[1-9]/.test(overdue) ? toned('bad', overdue) : { text: overdue }
}

function planLines({ plans }: Revenue, most: number): readonly Line[] {
  return plans.slice(0, most).map(({ plan, tenants, so_far: soFar, forecast, mrr }) => {
    const who = `${tenants} tenant${tenants === 1 ? '' : 's'}`
    return line(
      faint('  plan '),
      plan,
      faint(`, ${who}: ${soFar} so far, ${forecast} forecast, ${mrr} a month`),
    )
  })
}

const COLUMNS = [
  { title: 'TENANT', cells: 14, grows: true },
  { title: 'PLAN', cells: 10 },
  { title: 'BILLABLE', cells: 10, align: 'right', leaves: 2 },
  { title: 'SO FAR', cells: 11, align: 'right' },
  { title: 'FORECAST', cells: 11, align: 'right' },
  { title: 'A MONTH', cells: 11, align: 'right', leaves: 1 },
] as const
