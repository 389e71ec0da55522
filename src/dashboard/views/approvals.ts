import { mayWrite } from '../board-data.ts'
import { headingLine, layOut, rowLine, windowOf } from '../columns.ts'
import { faint, type Line, line, strong, toned } from '../line.ts'
import { chosenIndex, READ_ONLY } from '../press.ts'
import { requestsShown } from '../rows.ts'
import type { Page } from './page.ts'

/** The key requests that wait to be decided on, the oldest first. */
export function approvalsPage({ data, ui, columns, rows }: Page): readonly Line[] {
  const shown = requestsShown(data, ui)
  const top = [
    line(
      strong(`${shown.length} waiting`),
      faint(' · a approves, r rejects with a reason, Enter opens the tenant'),
    ),
    ...(data.access === undefined || mayWrite(data) ? [] : [line(toned('warn', READ_ONLY))]),
  ]
  if (data.requests === undefined) return [line(faint('reading …'))]
  if (shown.length === 0) return [...top, line(faint('Nothing waits for approval.'))]
  const laid = layOut(COLUMNS, columns - 2)
  const index = chosenIndex(ui, shown)
  const { shown: seen, start } = windowOf(shown, index, rows - top.length - 1)
  return [
    ...top,
    headingLine(laid),
    ...seen.map((request, place) =>
      rowLine(
        laid,
        [
          request.created_at.slice(0, 16).replace('T', ' '),
          request.tenant_id,
          request.name,
          request.mode,
          request.reason ?? '–',
          request.requested_by,
          request.id,
        ],
        start + place === index,
      ),
    ),
  ]
}

const COLUMNS = [
  { title: 'ASKED (UTC)', cells: 16, leaves: 1 },
  { title: 'TENANT', cells: 12 },
  { title: 'NAME', cells: 10 },
  { title: 'MODE', cells: 4 },
  { title: 'REASON', cells: 12, grows: true },
  { title: 'BY', cells: 28, leaves: 3 },
  { title: 'ID', cells: 24, leaves: 2 },
] as const
