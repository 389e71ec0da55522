import { ADJUSTMENTS } from '../model/adjustment.ts'
import type { Difference } from '../reconcile/difference.ts'
import type { FigureRow } from '../reconcile/figures.ts'
import type { Reconciliation } from '../reconcile/reconcile.ts'
import { plural } from './plan-rows.ts'
import type { TableColumn } from './table.ts'

/** Up to so many tenants are shown whole; of more only those with a figure that differs. */
const TENANTS_MAX = 20
/** So many differences are told one by one. */
const TOLD_MAX = 40

/** The columns of the table of figures. */
export const FIGURE_COLUMNS: readonly TableColumn[] = [
  { title: 'TENANT', whole: true },
  { title: 'METER', whole: true },
  { title: 'RAW LOG', align: 'right' },
  { title: 'ROLLUPS', align: 'right' },
  { title: 'QUOTA', align: 'right' },
  { title: 'REPORT', align: 'right' },
  { title: 'EXPORT', align: 'right' },
  { title: 'INVOICE', align: 'right' },
]

/** The figures, each with a tick where a store says the same as the one before it. */
export function figureTable({ rows }: Reconciliation): readonly (readonly string[])[] {
  return shownRows(rows).map((row) => {
    const base = row.raw ?? row.rollups
    const same = (figure: string | null): string => {
      if (figure === null) return '–'
      return figure === base ? '✓' : figure
    }
    const first = row.raw === null ? ['–', row.rollups] : [row.raw, same(row.rollups)]
    return [
      row.tenant_id || '–',
      row.meter,
      ...first,
      same(row.quota),
      same(row.report),
      same(row.export),
      invoiced(row),
    ]
  })
}

/** A tick where invoices have what the ledger has under their charges; the figure as well where that is not all of it. */
function invoiced({ invoiced: billed, chargeable, rollups }: FigureRow): string {
  if (billed === null || chargeable === null) return '–'
  if (billed !== chargeable) return billed
  return billed === rollups ? '✓' : `✓ ${billed}`
}

/** What stands below the table: what was left out, what was looked at, and what came of it. */
export function reconcileLines(found: Reconciliation): readonly string[] {
  const { rows, differences, differences_total: total, events, raw_since: since } = found
  const left = new Set(rows.map(({ tenant_id }) => tenant_id)).size - tenantsOf(shownRows(rows))
  const through = found.through.map(({ node_id, epoch, seq }) => {
    return node_id === ADJUSTMENTS.nodeId ? `adjustment ${seq}` : `run ${epoch}: event ${seq}`
  })
  const upTo = through.length === 0 ? '' : `, up to ${through.slice(-3).join(', ')}`
  return [
    ...(left > 0 ? [`${plural(left, 'more tenant')}, all equal (--json shows all).`] : []),
    `${plural(events, 'event')} counted again, of ${plural(through.length, 'run')}${upTo}.`,
    ...(since !== null && since > found.from
      ? [
          `Raw events from before ${since} are forgotten (metering.retention_days): there rollups are held against seals.`,
        ]
      : []),
    ...invoiceLines(found),
    ...(total === 0 ? ['Everything agrees.'] : [`${plural(total, 'difference')}:`]),
    ...differences.slice(0, TOLD_MAX).flatMap(differenceLines),
    ...(total > TOLD_MAX ? [`… and ${total - TOLD_MAX} more (--json shows up to 1,000).`] : []),
    ...(total === 0
      ? []
      : ['→ Keep the stores as they are, and look at a backup: gatez restore DIR in another folder.']),
  ]
}

function invoiceLines({ invoices, invoices_waiting: waiting }: Reconciliation): readonly string[] {
  if (invoices === 0) return []
  const later =
    waiting === 0 ? '' : `; the next ones adjust ${plural(waiting, 'charge')} that usage came late to`
  return [`${plural(invoices, 'invoice')} held against the ledger${later}.`]
}

function differenceLines(each: Difference): readonly string[] {
  const where = [
    STORES[each.store],
    each.bucket ?? '',
    each.tenant_id === null ? '' : `tenant ${each.tenant_id || '–'}`,
    each.node_id === null ? '' : `run ${each.epoch ?? '–'} of ${each.node_id}`,
  ]
  const ids = each.events.length === 0 ? [] : [`    ${each.events.join('\n    ')}`]
  return [`✗ ${where.filter((part) => part !== '').join(' · ')}`, `  ${each.what}`, ...ids]
}

const STORES = {
  usage_log: 'usage log',
  ledger: 'ledger',
  spool: 'spool',
  quota: 'quota',
  report: 'report',
  export: 'export',
  invoice: 'invoice',
} as const satisfies Record<Difference['store'], string>

function shownRows(rows: readonly FigureRow[]): readonly FigureRow[] {
  return tenantsOf(rows) <= TENANTS_MAX ? rows : rows.filter(({ equal }) => !equal)
}

function tenantsOf(rows: readonly FigureRow[]): number {
  return new Set(rows.map(({ tenant_id }) => tenant_id)).size
}
