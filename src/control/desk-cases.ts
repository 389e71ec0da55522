import type { Writable } from 'node:stream'
import type { AccountingFormat } from '../billing/export/accounting-csv.ts'
import type { TakenMeterEvents } from '../billing/export/export-meter-events.ts'
import type { InvoiceRowView, InvoiceView } from '../billing/invoice/invoice-view.ts'
import type { DunningList } from '../billing/list-dunning.ts'
import type { Revenue } from '../billing/revenue.ts'
import type { WrittenSpan } from '../metering/report-span.ts'
import type { InvoiceState } from '../model/invoice.ts'
import type { MailView } from '../model/mail.ts'

/**
 * What is done at the billing desk: invoices, money, and the mail about them.
 *
 * Commands and the control API call the same, and get what both show.
 */
export interface DeskCases {
  runInvoices(asked: AskedRun): Promise<InvoicesMade>
  previewInvoice(tenant: string): Promise<InvoiceView>
  listInvoices(asked: AskedList): Promise<readonly InvoiceRowView[]>
  showInvoice(invoice: string): Promise<InvoiceView>
  /** Writes an invoice in one of its forms. */
  writeInvoice(invoice: string, how: InvoiceForm): Promise<void>
  /** Writes many invoices, and returns which. */
  exportInvoices(asked: AskedList, how: InvoicesForm): Promise<readonly InvoiceRowView[]>
  payInvoice(request: AskedPayment): Promise<PaidInvoiceView>
  creditInvoice(request: AskedCredit): Promise<CreditNoteView>
  voidInvoice(request: { readonly invoice: string; readonly reason: string }): Promise<InvoiceRowView>
  sendInvoice(invoice: string): Promise<InvoiceRowView>
  revenue(asked: { readonly tenant?: string | undefined }): Promise<Revenue>
  dunning(asked: { readonly tenant?: string | undefined }): Promise<DunningList>
  listMail(): Promise<MailListed>
  showMail(id: string): Promise<MailView>
  /** What programs that import invoices take, in as many files as they need. */
  accountingFiles(asked: AskedAccounting): Promise<AccountingFiles>
  /** Usage as events for Stripe. They count as handed over when `markMeterEvents` says so. */
  takeMeterEvents(asked: AskedMeterEvents): Promise<TakenMeterEvents>
  markMeterEvents(request: { readonly batch: string }): Promise<void>
}

/** Which usage is meant: that of the current month if nothing is named. */
export interface AskedUsage extends WrittenSpan {
  /** Id or external id. */
  readonly tenant?: string | undefined
}

/** Which invoices go to another program: those whose period begins in the span. */
export interface AskedAccounting extends AskedUsage {
  readonly format: AccountingFormat
  readonly state?: InvoiceState | undefined
  /** All there are, where no span is named; else there has to be one that was issued. */
  readonly all: boolean
}

/** Invoices, and the files that hold those of them that were issued and are not void; the names are stable. */
export interface AccountingFiles {
  readonly invoices: readonly InvoiceRowView[]
  readonly files: readonly string[]
}

/** Which events for Stripe are asked for, and by whom. */
export interface AskedMeterEvents extends AskedUsage {
  /** Ids with commas between them; those that have a price if not given. */
  readonly meters?: string | undefined
  /** Also what was handed over before. */
  readonly again: boolean
  /** As `calls=api_calls`. */
  readonly eventNames: readonly string[]
  /** Names this run: no other has it. */
  readonly batch: string
}

/** Which invoices to make: those that are due if no period is named. */
export interface AskedRun {
  /** A month, as `2026-03`. */
  readonly month?: string | undefined
  /** A day of the period, as `2026-03-04`. */
  readonly on?: string | undefined
  /** Id or external id. */
  readonly tenant?: string | undefined
  /** Leaves drafts; what the file says if not given. */
  readonly review?: boolean | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Which invoices are meant. */
export interface AskedList {
  readonly tenant?: string | undefined
  readonly month?: string | undefined
  readonly state?: InvoiceState | undefined
}

/** In which form an invoice is wanted, and where: a path, a stream, or nowhere. */
export interface InvoiceForm {
  readonly format: 'pdf' | 'html' | 'json' | 'csv'
  readonly to: string | Writable | null
}

/** The same for many: `pdf` and `html` need a folder. */
export interface InvoicesForm {
  readonly format: 'csv' | 'jsonl' | 'quickbooks' | 'xero' | 'credit-notes' | 'pdf' | 'html'
  readonly to: string | Writable | null
}

/** What was paid: all that is due if no amount is named. */
export interface AskedPayment {
  readonly invoice: string
  readonly amount?: string | undefined
  readonly reference?: string | undefined
}

/** What is taken off an invoice: all of it if no amount is named. */
export interface AskedCredit {
  readonly invoice: string
  readonly amount?: string | undefined
  readonly reason: string
}

/** What a run came to; the names are stable. */
export interface InvoicesMade {
  readonly made: readonly InvoiceRowView[]
  /** How many were there before. */
  readonly kept: number
  readonly problems: readonly { readonly tenant_id: string; readonly why: string }[]
}

/** An invoice after a payment; the names are stable. */
export interface PaidInvoiceView extends InvoiceRowView {
  /** False when a payment with this reference was there before. */
  readonly new: boolean
}

/** A credit note; the names are stable. */
export interface CreditNoteView {
  readonly number: string
  readonly amount: string
  /** The part of it that is tax. */
  readonly tax: string
  readonly invoice: InvoiceRowView
}

/** The mail in the outbox folder, and how many wait to be sent; the names are stable. */
export interface MailListed {
  readonly mails: readonly MailView[]
  readonly waiting: number
}
