import { dayText } from '../../billing/invoice/day-text.ts'
import { findInvoice } from '../../billing/invoice/find-invoice.ts'
import { dueOf } from '../../billing/invoice/invoice-view.ts'
import { INVOICE_REMINDER } from '../../billing/message-kinds.ts'
import { grouped } from '../../billing/render/grouped.ts'
import { renderInvoice } from '../../billing/render/render-invoice.ts'
import type { InvoiceConfig, MailConfig } from '../../config/invoice-config.ts'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'
import type { OutboxMessage } from '../../storage/ports/outbox.ts'
import type { Mail } from './mail.ts'

/**
 * Writes the mail of a message about an invoice: its words as text and HTML, the invoice itself as PDF.
 *
 * It goes to the members of the tenant with the role billing, or else to its admins. Undefined when there is nothing to
 * say any more: a reminder of what was paid meanwhile.
 */
export async function invoiceMail(
  store: ControlTables,
  message: OutboxMessage,
  { mail, look }: MailRules,
): Promise<{ readonly mail: Mail; readonly invoice: Invoice } | undefined> {
  const invoice = await findInvoice(store, String(message.body.invoice_id))
  const isReminder = message.kind === INVOICE_REMINDER
  if (isReminder && dueOf(invoice) === 0n) return undefined
  const entries = await store.invoices.entries(invoice.id)
  const html = await renderInvoice(invoice, entries, { format: 'html', look })
  return {
    invoice,
    mail: {
      id: message.id,
      atMs: message.createdAtMs,
      from: mail.from,
      to: await recipients(store, invoice.tenantId),
      subject: subjectOf(invoice, isReminder),
      text: textOf(invoice, isReminder),
      html: html.toString(),
      attachments: [await pdfOf(invoice, entries, look)],
    },
  }
}

export interface MailRules {
  readonly mail: MailConfig
  readonly look: Pick<InvoiceConfig, 'logo' | 'font'>
}

async function recipients({ tenants }: ControlTables, tenantId: string): Promise<readonly string[]> {
  const members = await tenants.listMembers(tenantId)
  const billing = members.filter(({ role }) => role === 'billing')
  const chosen = billing.length > 0 ? billing : members.filter(({ role }) => role === 'admin')
  return chosen.map(({ email }) => email)
}

async function pdfOf(invoice: Invoice, entries: readonly InvoiceEntry[], look: MailRules['look']) {
  const bytes = await renderInvoice(invoice, entries, { format: 'pdf', look })
  return { name: `${invoice.number ?? invoice.id}.pdf`, type: 'application/pdf', bytes }
}

function subjectOf({ number, content }: Invoice, isReminder: boolean): string {
  const from = content.issuer === null ? '' : ` from ${content.issuer.name}`
  return isReminder ? `Reminder: invoice ${number}${from} is not paid` : `Invoice ${number}${from}`
}

function textOf(invoice: Invoice, isReminder: boolean): string {
  const { content, number, period, currency, dueAtMs } = invoice
  const day = (ms: number): string => dayText(ms, content.timezone)
  const due = dueAtMs === null ? '' : day(dueAtMs - 1)
  const amount = `${grouped(formatMinor(dueOf(invoice), currency))} ${currency}`
  const span = `${day(period.startMs)} to ${day(period.endMs - 1)}`
  const says = isReminder
    ? `Invoice ${number} was due on ${due}, and ${amount} of it are still to be paid. If your payment is on its way, ` +
      'there is nothing left to do.'
    : `Please find attached invoice ${number} for ${span}.`
  const pay = dueOf(invoice) === 0n ? 'Nothing is left to pay.' : `Amount due: ${amount}, by ${due}.`
  const how = [content.terms.text, ...(content.issuer?.payment ?? [])].filter((line) => line !== null)
  return [
    `Dear ${content.tenantName},`,
    says,
    ...(isReminder ? [] : [pay]),
    ...(how.length === 0 ? [] : [how.join('\n')]),
    content.issuer?.name ?? 'gatez',
    '',
  ].join('\n\n')
}
