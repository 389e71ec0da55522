import { isoTime } from '../lib/iso-time.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import { usageReport } from '../metering/usage-report.ts'
import { openUsageStream, streamOf } from '../metering/usage-stream.ts'
import type { Mark } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { checkIngested } from './check-ingested.ts'
import { checkInvoices } from './check-invoices.ts'
import { compareBucket, type Suspect } from './compare-bucket.ts'
import { type Difference, Differences, difference } from './difference.ts'
import { addExported } from './exported-figures.ts'
import { type FigureRow, type FigureSources, Figures, figureRows } from './figures.ts'
import { isValue } from './meter-tally.ts'
import { pinpoint } from './pinpoint.ts'
import type { HeldStores, Positions } from './positions.ts'
import { walkBuckets } from './walk-buckets.ts'

/** All stores as they were at one moment, and what is to be known about them. */
export interface ReconcileParts extends HeldStores {
  readonly positions: Positions
  /** The custom meters that the file declares. */
  readonly meterIds: readonly string[]
  readonly billing: BillingTerms
}

export interface ReconcileRequest {
  /** Begins and ends where a bucket does. */
  readonly span: Period
  /** Shows the figures of this tenant only; everything is looked at all the same. */
  readonly tenantId?: string | undefined
}

/** What came of it; the names are stable. */
export interface Reconciliation {
  readonly from: string
  readonly to: string
  readonly equal: boolean
  /** Up to which event of each run the stores were compared. */
  readonly through: readonly { readonly node_id: string; readonly epoch: number; readonly seq: number }[]
  /** From here on raw events are there; null when none was forgotten. */
  readonly raw_since: string | null
  /** Raw events counted again. */
  readonly events: number
  /** Invoices held against the ledger, and charges that the next ones adjust. */
  readonly invoices: number
  readonly invoices_waiting: number
  readonly rows: readonly FigureRow[]
  /** Of very many the first. */
  readonly differences: readonly Difference[]
  readonly differences_total: number
}

/** More buckets are named, but not looked at event by event. */
const PINPOINTED_MAX = 50

/**
 * Counts everything again, from the raw events on, and holds every store against it.
 *
 * Raw usage log → rollups → what quotas count from → report → export → invoices, per tenant and meter; and every bucket
 * of every run against its seal, so that a change which leaves all sums alone is found as well.
 */
export async function reconcile(parts: ReconcileParts, request: ReconcileRequest): Promise<Reconciliation> {
  const { positions, log } = parts
  const { span, tenantId } = request
  const differences = new Differences()
  differences.add(...(await positions.checkMarks()), ...(await positions.checkRest()))
  const { counted, rolledUp, events } = await recountSpan(parts, span, differences)
  differences.add(...(await strays(parts, span)))
  const checked = await checkInvoices(parts.control, { span, billing: parts.billing })
  differences.add(...checked.differences)
  differences.add(...(await checkIngested(parts.control, { span, marks: positions.marks })))

  const isWhole = span.startMs >= positions.keptSinceMs
  const derived = await derivedFigures(parts, span, rolledUp.unsummed())
  const sources = { rollups: rolledUp, ...derived, invoiced: checked.figures }
  const rows = figureRows({ raw: isWhole ? counted : undefined, ...sources })
  differences.add(...rows.flatMap((row) => derivedDifferences(row)))
  return {
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    equal: differences.count === 0,
    through: throughOf(positions),
    raw_since: (log?.keptSinceMs ?? 0) === 0 ? null : isoTime(positions.keptSinceMs),
    events,
    invoices: checked.invoices,
    invoices_waiting: checked.waiting,
    rows: rows.filter((row) => tenantId === undefined || row.tenant_id === tenantId),
    differences: differences.kept,
    differences_total: differences.count,
  }
}

/** Counts the raw events again and compares bucket by bucket; what cannot be right is looked at closely. */
async function recountSpan(parts: ReconcileParts, span: Period, differences: Differences) {
  const { positions, log, control } = parts
  const { raw, keptSinceMs, isSealed, sealsAreWhole, spooled } = positions
  const [counted, rolledUp] = [new Figures(span), new Figures(span)]
  const suspects: Suspect[] = []
  let events = 0
  for (const { tenantId, billable, mark } of await control.ledger.levels({ beforeMs: span.startMs })) {
    if (!billable) continue
    rolledUp.addLevel(tenantId, mark)
    counted.addLevel(tenantId, await rawLevel(log, mark))
  }
  const where = { fromMs: span.startMs, toMs: span.endMs, keptSinceMs }
  for await (const bucket of walkBuckets({ ledger: control.ledger, raw, isSealed, ...where })) {
    for (const cell of bucket.recount?.cells.values() ?? []) {
      counted.addCounted(cell)
      events += cell.events
    }
    for (const rollup of bucket.rollups) rolledUp.addRollup(rollup)
    if (bucket.recount === undefined && !sealsAreWhole) continue
    const found = compareBucket(bucket)
    differences.add(...found.differences)
    suspects.push(...found.suspects)
  }
  for (const [index, suspect] of suspects.entries()) {
    differences.add(
      index < PINPOINTED_MAX ? await pinpoint({ raw, log, spooled }, suspect) : unlooked(suspect),
    )
  }
  return { counted, rolledUp, events }
}

/** The level as its event has it, where that one is there still. */
async function rawLevel(log: ReconcileParts['log'], mark: Mark): Promise<Mark> {
  const event = (await log?.findAll([mark.eventId]))?.get(mark.eventId)
  const quantity = event?.quantities[mark.meterId]
  if (event === undefined || !isValue('time-weighted', quantity)) return mark
  return { ...mark, member: String(event.timestampMs), atMs: event.timestampMs, quantity }
}

function unlooked({ bucketMs, nodeId, epoch }: Suspect): Difference {
  const where = { bucket: isoTime(bucketMs), node_id: nodeId, epoch }
  return difference('usage_log', 'The events of this bucket are not those that were counted.', where)
}

/** What lies in a store where no sum and no look-up comes by. */
async function strays({ log, control }: ReconcileParts, span: Period): Promise<readonly Difference[]> {
  const found: Difference[] = []
  const misindexed = (await log?.misindexed(span.startMs, span.endMs)) ?? []
  if (misindexed.length > 0) {
    const what = 'Looking up by tenant misses these events, or finds them under another tenant.'
    found.push(difference('usage_log', what, { events: misindexed.filter((id) => id !== '') }))
  }
  const { rollups, quantities } = await control.ledger.strays(span.startMs, span.endMs)
  if (rollups > 0) {
    found.push(
      difference(
        'ledger',
        `${rollups} rollups are of a tenant, caller or kind that is not there, or cannot be.`,
      ),
    )
  }
  if (quantities > 0) {
    found.push(
      difference(
        'ledger',
        `${quantities} quantities of custom meters belong to no rollup, or cannot be as they are.`,
      ),
    )
  }
  return found
}

/** The figures as the rest of the program has them: each by its own way from the rollups. */
async function derivedFigures(
  { control, billing, meterIds }: ReconcileParts,
  span: Period,
  unsummed: ReadonlySet<string>,
): Promise<Pick<FigureSources, 'quota' | 'report' | 'exported'>> {
  const [quota, report, exported] = [new Figures(span), new Figures(span), new Figures(span)]
  for (const meter of ['calls', 'units'] as const) {
    for (const use of await control.ledger.usedByTenant(meter, span.startMs, span.endMs)) {
      quota.addNumber(use.tenantId, meter, use.used)
    }
  }
  const query = { span, timezone: billing.timezone, tenant: undefined }
  const byTenant = await usageReport(control, { ...query, by: ['tenant'] })
  for (const { cells, totals } of byTenant.rows) report.addTotals(cells[0] ?? '', totals)
  const byKey = await openUsageStream(control, { ...query, by: ['tenant', 'key'] }, {})
  await addExported(exported, byKey, { meterIds, wanted: (meter) => !unsummed.has(meter) })
  await addExported(exported, streamOf(byTenant), { meterIds, wanted: (meter) => unsummed.has(meter) })
  return { quota, report, exported }
}

/** What report, export and quotas make of the rollups; what is wrong before that is told already. */
function derivedDifferences(row: FigureRow): readonly Difference[] {
  const sources = { quota: row.quota, report: row.report, export: row.export } as const
  return (['quota', 'report', 'export'] as const).flatMap((store) => {
    const figure = sources[store]
    if (figure === null || figure === row.rollups) return []
    const what = `${row.meter}: ${figure} here, ${row.rollups} in the rollups.`
    return [difference(store, what, { tenant_id: row.tenant_id })]
  })
}

function throughOf({ marks }: Positions): Reconciliation['through'] {
  return [...marks].map(([run, seq]) => {
    const [nodeId = '', epoch = '0'] = run.split('\n')
    return { node_id: nodeId, epoch: Number(epoch), seq }
  })
}
