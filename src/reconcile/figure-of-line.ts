import { chargeName } from '../billing/invoice/adjust-lines.ts'
import { findInvoice } from '../billing/invoice/find-invoice.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Invoice, InvoiceLine } from '../model/invoice.ts'
import { type Period, periodName } from '../model/period.ts'
import { exactly, formatExactly, plus } from '../model/rational.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { FigureParts } from './figure.ts'

/** A line of an invoice as a figure, and what was billed of it. */
export interface BilledLine {
  readonly parts: FigureParts
  readonly meter: string
  readonly span: Period
  /** What the line says of all the usage: that it was made of, and what was billed before, where it is an adjustment. */
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
  return {
    parts: { tenantId: invoice.tenantId, subscriptionId: line.subscriptionId },
    meter: line.meter,
    span,
    stated: statedBy(line, invoice),
  }
}

/** By the invoice alone: what others say may have become void since, or was made again. */
function statedBy(line: InvoiceLine, { content, period }: Invoice): string {
  if (line.kind !== 'adjustment') return line.quantity
  if (periodName(line.period) === periodName(period)) return wholeOf(line, content.lines)
  const before = line.steps.find(({ part }) => part === 'billed')?.quantity ?? '0'
  return formatExactly(plus(exactly(line.quantity), exactly(before)))
}

/** Of the line from which this one takes off what later invoices have. */
function wholeOf(line: InvoiceLine, lines: readonly InvoiceLine[]): string {
  const name = chargeName(line.subscriptionId, line.chargeId)
  const whole = lines.find(({ kind, subscriptionId, chargeId }) => {
    return kind === 'usage' && chargeName(subscriptionId, chargeId) === name
  })
  return whole?.quantity ?? line.quantity
}
