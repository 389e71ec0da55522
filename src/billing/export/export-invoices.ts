import { basename, join, parse } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { InvoiceConfig } from '../../config/invoice-config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { viewInvoice } from '../invoice/invoice-view.ts'
import { invoiceCsv } from '../render/invoice-csv.ts'
import { renderInvoice } from '../render/render-invoice.ts'
import { type AccountingFormat, accountingFiles } from './accounting-csv.ts'
import { type CreditedInvoice, creditNotesCsv } from './credit-notes-csv.ts'
import { makeOutFolder, writeWholeFile } from './whole-file.ts'

/** How many invoices can be written at once. */
export const EXPORTED_AS = ['csv', 'jsonl', 'quickbooks', 'xero', 'credit-notes', 'pdf', 'html'] as const

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
    await writeBytes(to, lines.join(''))
    return
  }
  if (format === 'credit-notes') {
    const notes: CreditedInvoice[] = []
    for (const invoice of invoices) notes.push({ invoice, entries: await entriesOf(invoice) })
    await writeBytes(to, creditNotesCsv(notes))
    return
  }
  if (format === 'csv') await writeBytes(to, invoiceCsv(invoices))
  else await writeAccounting(accountingFiles(format, invoices), { format, to })
}

/** Writes the files of a program that imports invoices: those after the first beside the one named. */
export async function writeAccounting(
  files: readonly string[],
  { format, to }: { readonly format: AccountingFormat; readonly to: string | Writable },
): Promise<void> {
  const [first = ''] = files
  if (typeof to !== 'string') {
    if (files.length === 1) {
      await writeBytes(to, first)
      return
    }
    const detail = `--format ${format} needs ${files.length} files for so many invoices: name one with --out, and the others lie beside it.`
    throw new GatezError('invalid-parameter', detail)
  }
  for (const [index, file] of files.entries()) {
    const { dir, name, ext } = parse(to)
    await writeBytes(index === 0 ? to : join(dir, `${name}-${index + 1}${ext}`), file)
  }
}

export interface InvoicesExport {
  readonly format: (typeof EXPORTED_AS)[number]
  /** Path of a file or folder, or a stream, which is left open; null writes nothing. */
  readonly to: string | Writable | null
  readonly look: Pick<InvoiceConfig, 'logo' | 'font'>
  readonly entriesOf: (invoice: Invoice) => Promise<readonly InvoiceEntry[]>
}

/** Writes each invoice into a folder, named after its number. Throws `invalid-parameter` when `to` is no folder's path, `folder-not-writable` where it cannot be. */
export async function writeFolder<Named extends Pick<Invoice, 'id' | 'number'>>(
  to: string | Writable,
  format: 'pdf' | 'html',
  invoices: readonly Named[],
  bytesOf: (invoice: Named) => Promise<Buffer>,
): Promise<void> {
  if (typeof to !== 'string') {
    throw new GatezError('invalid-parameter', `--format ${format} needs --out, a folder for the files.`)
  }
  makeOutFolder(to)
  for (const invoice of invoices) {
    const name = basename(`${invoice.number ?? invoice.id}.${format}`)
    await writeBytes(join(to, name), await bytesOf(invoice))
  }
}

/**
 * Writes all of `bytes` to a file, whole or not at all, or to a stream. A reader that has seen enough is no error: the
 * answer is false then.
 */
export async function writeBytes(to: string | Writable, bytes: Buffer | string): Promise<boolean> {
  const write = (sink: Writable): Promise<void> => pipeline(Readable.from([bytes]), sink, { end: false })
  if (typeof to === 'string') {
    await writeWholeFile(to, write)
    return true
  }
  try {
    await write(to)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
    return false
  }
}
