import type { LedgerBreadth } from '../storage/ports/ledger.ts'
import { cutsKinds, cutsTime, reportColumns } from './report-columns.ts'
import { type BillingTerms, openUsageAmounts } from './usage-amounts.ts'
import type { UsageQuery } from './usage-query.ts'
import { type UsageReport, type UsageRow, type UsageStores, usageReport } from './usage-report.ts'

/** A report whose rows come one by one, as a file of it is written. */
export interface UsageStream extends Pick<UsageReport, 'columns' | 'meters'> {
  /** The custom meters that anything of it has, in the order of their ids. */
  readonly usedMeters: readonly string[]
  /** Of the amounts of its rows; null where none has one. */
  readonly currency: string | null
  readonly rows: Iterable<UsageRow> | AsyncIterable<UsageRow>
}

/** The rows of a report that was read as a whole. */
export function streamOf({ columns, meters, rows, total, amounts }: UsageReport): UsageStream {
  const usedMeters = Object.keys(total.quantities)
  return { columns, meters, rows, usedMeters, currency: amounts?.currency ?? null }
}

/**
 * The rows of `usageReport`, in the same order, with the same figures, but of a report of many rows never all of them at
 * once: a breakdown that begins with tenants is read for some tenants at a time.
 *
 * Each reading passes over the ledger anew: twice as many rows at once take half the time. Throws what a report throws
 * before the first row is there.
 */
export async function openUsageStream(
  stores: UsageStores,
  query: UsageQuery,
  { billing, rowsAtOnce = ROWS_AT_ONCE, between = () => {} }: UsageStreamOptions,
): Promise<UsageStream> {
  const whole = async () => streamOf(await usageReport(stores, query, billing))
  if (query.by[0] !== 'tenant' || query.tenant !== undefined) return whole()
  const breadth = await stores.ledger.breadth()
  const rowsMost = breadth.callers * cutsOf(query, breadth)
  if (rowsMost <= rowsAtOnce) return whole()

  const tenants = await tenantsOf(stores, query, { billing, breadth })
  const first = Math.floor((tenants.length * rowsAtOnce) / rowsMost)
  const rows = rowsOf(tenants, { first, rowsAtOnce, between }, (among) =>
    usageReport(stores, { ...query, among }, billing),
  )
  const begun = await rows.next()
  return {
    columns: query.by.flatMap(reportColumns),
    meters: query.meters,
    usedMeters: await stores.ledger.usedMeters(query.span.startMs, query.span.endMs),
    currency: billing?.currency ?? null,
    rows: goOn(begun, rows),
  }
}

export interface UsageStreamOptions {
  /** With what it costs; not if not given. */
  readonly billing?: BillingTerms
  /** About how many rows are held at a time. */
  readonly rowsAtOnce?: number
  /** Called when some were given, and the next are not read yet. */
  readonly between?: () => void
}

/** A row takes a kilobyte and a half while a report is made. */
const ROWS_AT_ONCE = 5_000
/** Each is a parameter of a statement. */
const TENANTS_MOST = 4_096
const DAY_MS = 86_400_000
const DAYS_OF: Readonly<Record<string, number>> = { day: 1, week: 7, month: 28 }

/** Into how many rows, at most, a breakdown cuts what one caller used. */
function cutsOf({ by, span }: UsageQuery, { kinds }: LedgerBreadth): number {
  const days = Math.min(...by.filter(cutsTime).map((each) => DAYS_OF[each] ?? 1))
  const spans = Number.isFinite(days) ? Math.ceil((span.endMs - span.startMs) / (days * DAY_MS)) + 1 : 1
  return by.some(cutsKinds) ? spans * kinds : spans
}

/** Who may have a row, in the order of rows: who used something, and who held a plan that has its fees. */
async function tenantsOf(
  stores: UsageStores,
  { span }: UsageQuery,
  { billing, breadth }: { readonly billing: BillingTerms | undefined; readonly breadth: LedgerBreadth },
): Promise<readonly string[]> {
  const amounts = billing && (await openUsageAmounts(stores, { span, tenantId: undefined, billing }))
  const { startMs, endMs } = amounts?.priced ?? span
  const held = await stores.subscriptions.during(startMs, endMs)
  return [...new Set([...breadth.tenantIds, ...held.map(({ tenantId }) => tenantId)])].sort()
}

/** Reads for as many tenants at a time as would have had so many rows the time before. */
async function* rowsOf(
  tenants: readonly string[],
  { first, rowsAtOnce, between }: Required<Omit<UsageStreamOptions, 'billing'>> & { readonly first: number },
  read: (among: readonly string[]) => Promise<UsageReport>,
): AsyncGenerator<UsageRow, undefined> {
  let size = Math.max(1, Math.min(first, TENANTS_MOST))
  for (let at = 0; at < tenants.length; ) {
    const count = yield* rowsAmong(tenants.slice(at, at + size), read)
    between()
    at += size
    const fitting = Math.floor((size * rowsAtOnce) / Math.max(1, count))
    size = Math.max(1, Math.min(fitting, size * 4, TENANTS_MOST))
  }
}

/** Holds them for as long as it goes on: the next ones are read when these are gone. Returns how many. */
async function* rowsAmong(
  among: readonly string[],
  read: (among: readonly string[]) => Promise<UsageReport>,
): AsyncGenerator<UsageRow, number> {
  const { rows } = await read(among)
  yield* rows
  return rows.length
}

async function* goOn(
  begun: IteratorResult<UsageRow, undefined>,
  rows: AsyncIterable<UsageRow>,
): AsyncGenerator<UsageRow> {
  if (begun.done !== true) yield begun.value
  yield* rows
}
