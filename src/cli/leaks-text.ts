import type { UsageLeaks } from '../reconcile/usage-leaks.ts'
import type { TableColumn } from './table.ts'

/** The columns of the table of leaks. */
export const LEAK_COLUMNS: readonly TableColumn[] = [
  { title: 'KIND', whole: true },
  { title: 'TENANT' },
  { title: 'ROUTE' },
  { title: 'METER' },
  { title: 'REASON', whole: true },
  { title: 'CALLS', align: 'right' },
]

/** Leaks, as rows. */
export function leakRows({ rows }: UsageLeaks): readonly (readonly string[])[] {
  return rows.map(({ kind, tenant_id, route_id, meter, reason, calls }) => [
    ...[kind, tenant_id || '–', route_id || '–', meter || '–', reason, String(calls)],
  ])
}

/** What stands below the table: an id of each row, and where more is to be had. */
export function leakLines({ rows, forgotten_before: before }: UsageLeaks): readonly string[] {
  return [
    ...(rows.length > 0
      ? ['', 'The first of each (--ids prints all; gatez usage explain ID opens one):']
      : []),
    ...rows.flatMap(({ kind, reason, ids }) =>
      ids[0] === undefined ? [] : [`  ${ids[0]}  ${kind}, ${reason}`],
    ),
    ...(before === null
      ? []
      : [`Events from before ${before} are forgotten: of those only missing quantities are known.`]),
  ]
}
