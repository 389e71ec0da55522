import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { grouped } from '../figures.ts'
import { BLANK, faint, type Line, line, strong } from '../line.ts'
import { chosenIndex } from '../press.ts'
import { tenantsShown } from '../rows.ts'
import type { Page } from './page.ts'

/** What this month comes to so far, by tenant, the largest first. */
export function revenuePage({ data, ui, columns, rows }: Page): readonly Line[] {
  const { report } = data
  if (report === undefined) return [line(faint('reading …'))]
  const { amount, billable } = report.total
  const shown = tenantsShown(data, ui)
  const top = [
    line(
      faint('this month so far '),
      strong(amount === null ? 'cannot be said' : `${amount} ${report.currency}`),
      faint(` for ${grouped(billable)} billable requests, fees included`),
    ),
    BLANK,
  ]
  const laid = layOut(COLUMNS, columns - 2)
  const index = chosenIndex(ui, shown)
  const { shown: seen, start } = windowOf(shown, index, rows - top.length - 1)
  return [
    ...top,
    headingLine(laid),
    ...seen.map(({ id, name, plan, figures }, place) =>
      rowLine(
        laid,
        [id, name, plan, grouped(figures?.billable ?? 0), figures?.amount ?? '–'],
        start + place === index,
      ),
    ),
  ]
}

const COLUMNS = [
  { title: 'TENANT', cells: 14, grows: true },
  { title: 'NAME', cells: 14, grows: true, leaves: 1 },
  { title: 'PLAN', cells: 12 },
  { title: 'BILLABLE', cells: 12, align: 'right' },
  { title: 'AMOUNT', cells: 14, align: 'right' },
] as const
