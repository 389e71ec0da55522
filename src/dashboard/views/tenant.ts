import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { grouped } from '../figures.ts'
import { BLANK, faint, type Line, line, strong, toned } from '../line.ts'
import { chosenIndex } from '../press.ts'
import { callsShown, fullnessOf, keysShown } from '../rows.ts'
import { openKey, openTenant } from '../ui-state.ts'
import type { Page } from './page.ts'
import { callLines } from './tail.ts'
import { fullnessLine } from './tenants.ts'

/** A tenant: its state and plan, how full its limits and quotas are, and its keys. */
export function tenantPage(page: Page): readonly Line[] {
  const { data, ui, columns, rows } = page
  const tenantId = openTenant(ui) ?? ''
  if (data.tenant?.id !== tenantId) return [line(faint('reading …'))]
  const { details, report } = data.tenant
  const { limits, quotas } = fullnessOf(data, tenantId)
  const held = `${details.keys_held} of ${details.keys_max ?? 'any number of'} keys`
  const { requests, billable, refused, amount } = report.total
  const top = [
    line(strong(details.name), `  ${details.state} on ${details.plan ?? 'no plan'}, ${held}`),
    line(
      faint('this month '),
      `${grouped(requests)} requests, ${grouped(billable)} billable, ${grouped(refused)} refused`,
      amount === null ? '' : `, ${amount} ${report.currency}`,
    ),
    ...[...limits, ...quotas].slice(0, Math.max(2, rows - 12)).map((each) => fullnessLine(each, columns)),
    ...(data.limits === null
      ? [line(faint('  How full limits are is known to a running gateway only.'))]
      : []),
    BLANK,
  ]
  const keys = keysShown(data, ui)
  if (keys.length === 0) return [...top, line(faint('No keys.'))]
  const laid = layOut(KEY_COLUMNS, columns - 2)
  const index = chosenIndex(ui, keys)
  const { shown, start } = windowOf(keys, index, rows - top.length - 1)
  const figures = new Map(report.rows.map((row) => [row.id, row]))
  return [
    ...top,
    headingLine(laid),
    ...shown.map(({ id, name, state, masked, expires_at: expires }, place) =>
      rowLine(
        laid,
        [
          name,
          state === 'active' ? toned('good', state) : state,
          grouped(figures.get(id)?.requests ?? 0),
          grouped(figures.get(id)?.refused ?? 0),
          masked ?? '–',
          expires?.slice(0, 10) ?? 'never',
          id,
        ],
        start + place === index,
      ),
    ),
  ]
}

/** A key: its calls, newest first. */
export function keyPage(page: Page): readonly Line[] {
  const { data, ui, rows } = page
  const keyId = openKey(ui)
  const key = keysShown(data, { ...ui, search: '' }).find(({ id }) => id === keyId)
  const figures = data.tenant?.report.rows.find(({ id }) => id === keyId)
  const top = [
    line(
      strong(key?.name ?? keyId ?? ''),
      `  ${key?.state ?? ''} ${key?.masked ?? ''} of ${openTenant(ui) ?? ''}`,
    ),
    line(
      faint('this month '),
      `${grouped(figures?.requests ?? 0)} requests, ${grouped(figures?.billable ?? 0)} billable, ${grouped(figures?.refused ?? 0)} refused`,
    ),
    BLANK,
  ]
  return [...top, ...callLines(page, callsShown(data, ui), rows - top.length)]
}

const KEY_COLUMNS = [
  { title: 'KEY', cells: 14, grows: true },
  { title: 'STATE', cells: 9 },
  { title: 'REQUESTS', cells: 10, align: 'right' },
  { title: 'REFUSED', cells: 8, align: 'right' },
  { title: 'MASKED', cells: 18, leaves: 1 },
  { title: 'EXPIRES', cells: 10, leaves: 2 },
  { title: 'ID', cells: 24, leaves: 3 },
] as const
