import { Temporal } from 'temporal-polyfill'
import type { Access } from '../../access/access.ts'
import { checkedText, REASON_LENGTH_MAX } from '../../access/text.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice } from '../../model/invoice.ts'
import { formatMinor, toMinor } from '../../model/money.ts'
import { exactly, over, times } from '../../model/rational.ts'
import { findInvoice } from './find-invoice.ts'
import { owedOf } from './invoice-view.ts'
import { entryOf, insertNew, liftSuspension } from './pay-invoice.ts'
import { writtenAmount } from './written-amount.ts'

/**
 * Writes a credit note: takes an amount off an invoice, without changing what it says.
 *
 * It lowers what is due; what was paid already goes to the credit of the tenant. All credit notes of an invoice come to its
 * total at most. Their numbers have no gaps either.
 */
export async function creditInvoice({ store, clock }: Access, request: CreditRequest): Promise<CreditNote> {
  const nowMs = clock.nowMs()
  const reason = checkedText('reason', request.reason, REASON_LENGTH_MAX)
  return store.transaction(async (tables) => {
    const before = await findInvoice(tables, request.invoice)
    const { currency, number, content } = before
    if (number === null || before.state === 'void') {
      throw new GatezError(
        'wrong-state',
        `Invoice ${number ?? before.id} is ${before.state}: there is nothing to take an amount off.`,
      )
    }
    const notes = (await tables.invoices.entries(before.id)).filter(({ kind }) => kind === 'credit-note')
    const noted = notes.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
    const left = before.totalMinor - noted
    const amountMinor =
      request.amount === undefined ? left : writtenAmount('amount', request.amount, currency)
    if (amountMinor > left || amountMinor === 0n) {
      const amount = formatMinor(left, currency)
      throw new GatezError(
        'invalid-parameter',
        `amount must be at most ${amount} ${currency}, what credit notes have left of ${number}.`,
      )
    }
    const due = owedOf(before)
    const applied = amountMinor < due ? amountMinor : due
    const creditedMinor = before.creditedMinor + applied
    const isPaid = applied === due
    const invoice: Invoice = { ...before, creditedMinor, state: isPaid ? 'paid' : before.state }
    const year = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(content.timezone).year
    const place = await tables.invoices.takeNumbers(`CN-${year}`, 1)
    const noteNumber = `CN-${year}-${String(place).padStart(4, '0')}`
    const detail = { number: noteNumber, reason, tax: taxPart(before, noted, amountMinor) }
    await tables.invoices.update(invoice)
    await insertNew(tables, {
      ...entryOf(before, nowMs, request.actor),
      kind: 'credit-note',
      key: `credit-note:${noteNumber}`,
      amountMinor,
      creditMinor: amountMinor - applied,
      detail,
    })
    if (isPaid) await liftSuspension(tables, invoice, { nowMs, actor: request.actor })
    return { number: noteNumber, amount: formatMinor(amountMinor, currency), tax: detail.tax, invoice }
  })
}

export interface CreditRequest {
  /** Number or id. */
  readonly invoice: string
  /** With tax; all that is left if not given. */
  readonly amount?: string | undefined
  readonly reason: string
  readonly actor: string
}

export interface CreditNote {
  readonly number: string
  readonly amount: string
  /** The part of it that is tax. */
  readonly tax: string
  readonly invoice: Invoice
}

/** What a note adds to the tax of all notes, so that together they never come to more tax than the invoice has. */
function taxPart(invoice: Invoice, notedMinor: bigint, amountMinor: bigint): string {
  return formatMinor(taxIn(invoice, notedMinor + amountMinor) - taxIn(invoice, notedMinor), invoice.currency)
}

function taxIn({ content, totalMinor, currency }: Invoice, amountMinor: bigint): bigint {
  const whole = exactly(formatMinor(totalMinor, currency))
  const part = over(times(exactly(content.tax), exactly(formatMinor(amountMinor, currency))), whole)
  return toMinor(part, currency)
}
