import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { InvoiceConfig } from '../../config/invoice-config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { viewInvoice } from '../invoice/invoice-view.ts'
import { invoiceCsv } from '../render/invoice-csv.ts'
import { renderInvoice } from '../render/render-invoice.ts'
import { quickbooksCsv, xeroCsv } from './accounting-csv.ts'
import { writeWholeFile } from './whole-file.ts'

/** How many invoices can be written at once. */
export const EXPORTED_AS = ['csv', 'jsonl', 'quickbooks', 'xero', 'pdf', 'html'] as const

/** Writes invoices to a file, which is there whole or not at all, to a stream, or into a folder. */
export async function exportInvoices(
  invoices: readonly Invoice[],
  { format, to, look, entriesOf }: InvoicesExport,
): Promise<void> {
  if (to === null) return
  if (format === 'pdf' || format === 'html') {
    return writeFolder(to, format, invoices, async (invoice) =>
      renderInvoice(invoice, await entriesOf(invoice), { format, look }),
    )
  }
  if (format === 'jsonl') {
    const lines: string[] = []
    for (const invoice of invoices) {
      lines.push(`${JSON.stringify(viewInvoice(invoice, await entriesOf(invoice)))}\n`)
    }
    return writeBytes(to, lines.join(''))
  }
  const issued = invoices.filter(({ number, state }) => number !== null && state !== 'void')
  if (format === 'quickbooks') return writeBytes(to, quickbooksCsv(issued))
  return writeBytes(to, format === 'xero' ? xeroCsv(issued) : invoiceCsv(invoices))
}

export interface InvoicesExport {
  readonly format: (typeof EXPORTED_AS)[number]
  /** Path of a file or folder, or a stream, which is left open; null writes nothing. */
  readonly to: string | Writable | null
  readonly look: Pick<InvoiceConfig, 'logo' | 'font'>
  readonly entriesOf: (invoice: Invoice) => Promise<readonly InvoiceEntry[]>
}

/** Writes each invoice into a folder, named after its number. Throws `invalid-parameter` when `to` is no folder's path. */
export async function writeFolder<Named extends Pick<Invoice, 'id' | 'number'>>(
  to: string | Writable,
  format: 'pdf' | 'html',
  invoices: readonly Named[],
  bytesOf: (invoice: Named) => Promise<Buffer>,
): Promise<void> {
  if (typeof to !== 'string') {
    throw new GatezError('invalid-parameter', `--format ${format} needs --out, a folder for the files.`)
  }
  await mkdir(to, { recursive: true })
  for (const invoice of invoices) {
    const name = basename(`${invoice.number ?? invoice.id}.${format}`)
    await writeBytes(join(to, name), await bytesOf(invoice))
  }
}

/** Writes all of `bytes` to a file, whole or not at all, or to a stream. A reader that has seen enough is no error. */
export async function writeBytes(to: string | Writable, bytes: Buffer | string): Promise<void> {
  const write = (sink: Writable): Promise<void> => pipeline(Readable.from([bytes]), sink, { end: false })
  if (typeof to === 'string') return writeWholeFile(to, write)
  try {
    await write(to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  }
}
