import { billedOf, chargeName } from '../billing/invoice/adjust-lines.ts'
import { findInvoice } from '../billing/invoice/find-invoice.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Period } from '../model/period.ts'
import { formatExactly, ZERO } from '../model/rational.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { FigureParts } from './figure.ts'

/** A line of an invoice as a figure, and what was billed of it. */
export interface BilledLine {
  readonly parts: FigureParts
  readonly meter: string
  readonly span: Period
  /** By all invoices up to this one; the line itself, where it is no adjustment. */
  readonly stated: string
}

/**
 * Finds the usage a line of an invoice was made of: one subscription, one meter, one period.
 *
 * Throws `not-found`, and `invalid-parameter` for a fee, which has no usage behind it.
 */
export async function figureOfLine(
  store: Pick<ControlTables, 'invoices'>,
  asked: { readonly invoice: string; readonly line: number },
): Promise<BilledLine> {
  const invoice = await findInvoice(store, asked.invoice)
  const { lines } = invoice.content
  const line = lines.find((each) => each.line === asked.line)
  if (line === undefined) {
    throw new GatezError(
      'not-found',
      `Invoice ${asked.invoice} has lines 1 to ${lines.length}, no ${asked.line}.`,
    )
  }
  if (line.meter === null) {
    const detail = `Line ${line.line} of ${asked.invoice} is a fee (${line.description}): no usage stands behind it.`
    throw new GatezError('invalid-parameter', detail)
  }
  const span = line.kind === 'adjustment' ? line.period : invoice.period
  const within = { startMs: span.startMs, endMs: FAR_MS }
  const invoices = await store.invoices.list({ tenantId: invoice.tenantId, within })
  // By when they were made: periods may be billed out of order.
  const upToThis = invoices.filter((each) => each.createdAtMs <= invoice.createdAtMs)
  const billed = billedOf(upToThis, span)
  const { quantity } = billed.get(chargeName(line.subscriptionId, line.chargeId)) ?? { quantity: ZERO }
  return {
    parts: { tenantId: invoice.tenantId, subscriptionId: line.subscriptionId },
    meter: line.meter,
    span,
    stated: formatExactly(quantity),
  }
}

/** After any period. */
const FAR_MS = Date.UTC(9999, 0, 1)
