import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import type { AccountingFormat } from './billing/export/accounting-csv.ts'
import { writeAccounting } from './billing/export/export-invoices.ts'
import { exportMeterEvents } from './billing/export/export-meter-events.ts'
import type { StripeFormat } from './billing/export/stripe-file.ts'
import type { InvoiceRowView } from './billing/invoice/invoice-view.ts'
import type { AskedMeterEvents, AskedUsage } from './control/desk-cases.ts'
import { openInvoicing } from './invoicing.ts'

/** Writes usage in the forms that other programs take, here or from a control API. Dispose it when done. */
export async function openUsageFiles(configFile: string) {
  const desk = await openInvoicing(configFile)
  return {
    exportMeterEvents: async (asked: Omit<AskedMeterEvents, 'batch'>, form: FileForm<StripeFormat>) => {
      const batch = randomUUID()
      const taken = await desk.takeMeterEvents({ ...asked, batch })
      return exportMeterEvents(taken, { ...form, done: () => desk.markMeterEvents({ batch }) })
    },
    /** Returns the invoices that were written. */
    exportAccounting: async (asked: AskedUsage, form: FileForm<AccountingFormat>) => {
      const { invoices, files } = await desk.accountingFiles({ ...asked, format: form.format, all: false })
      if (form.to !== null) await writeAccounting(files, { ...form, to: form.to })
      return invoices.filter(isIssued)
    },
    [Symbol.asyncDispose]: () => desk[Symbol.asyncDispose](),
  }
}

interface FileForm<Format> {
  readonly format: Format
  /** Path of a file, or a stream; null writes nothing. */
  readonly to: string | Writable | null
}

function isIssued({ number, state }: InvoiceRowView): boolean {
  return number !== null && state !== 'void'
}
