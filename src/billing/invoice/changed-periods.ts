import type { BillingPeriodRow, Invoice } from '../../model/invoice.ts'
import { type Period, periodName } from '../../model/period.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'
import { sealedPeriod } from './sealed-period.ts'

/**
 * The closed periods before another one of which something may still be to bill: the ledger took something in since their
 * usage was last billed, or an invoice that is made again adjusted them.
 */
export async function changedPeriods(
  ledger: Pick<LedgerStore, 'seals'>,
  { closed, before, replaced }: ChangedRequest,
): Promise<readonly ChangedPeriod[]> {
  const adjusted = adjustedPeriods(replaced)
  const changed: ChangedPeriod[] = []
  for (const row of closed) {
    if (row.endMs > before.startMs) continue
    const { seals } = await sealedPeriod(ledger, row)
    if (seals !== row.seals || adjusted.has(periodName(row))) changed.push({ ...row, seals })
  }
  return changed
}

export interface ChangedRequest {
  readonly closed: readonly BillingPeriodRow[]
  /** The period that is billed now. */
  readonly before: Period
  /** Invoices that another one takes the place of. */
  readonly replaced: readonly Invoice[]
}

/** An earlier period with what its seals come to now. */
export type ChangedPeriod = BillingPeriodRow

function adjustedPeriods(invoices: readonly Invoice[]): ReadonlySet<string> {
  const lines = invoices.flatMap(({ content }) => content.lines)
  return new Set(lines.filter(({ kind }) => kind === 'adjustment').map(({ period }) => periodName(period)))
}
