import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { InvoiceConfig } from '../../config/invoice-config.ts'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { viewInvoice } from '../invoice/invoice-view.ts'
import { invoiceCsv } from './invoice-csv.ts'
import { invoiceDocument } from './invoice-document.ts'
import { invoiceHtml } from './invoice-html.ts'

/** The forms an invoice can be had in. */
export const INVOICE_FORMATS = ['pdf', 'html', 'json', 'csv'] as const

export type InvoiceFormat = (typeof INVOICE_FORMATS)[number]

/** Writes an invoice in one of its forms: the same invoice gives the same bytes. */
export async function renderInvoice(
  invoice: Invoice,
  entries: readonly InvoiceEntry[],
  { format, look }: RenderRequest,
): Promise<Buffer> {
  switch (format) {
    case 'json':
      return Buffer.from(`${JSON.stringify(viewInvoice(invoice, entries), null, 2)}\n`)
    case 'csv':
      return Buffer.from(invoiceCsv([invoice]))
    case 'html':
      return Buffer.from(invoiceHtml(invoiceDocument(invoice, entries), logoUrl(look)))
    case 'pdf': {
      // Loaded here, so that no command waits for it that writes no PDF.
      const { invoicePdf } = await import('./invoice-pdf.ts')
      const dateMs = invoice.issuedAtMs ?? invoice.createdAtMs
      const [logo, font] = [readOrNull(look.logo), readOrNull(look.font)]
      return invoicePdf(invoiceDocument(invoice, entries), { dateMs, logo, font })
    }
  }
}

export interface RenderRequest {
  readonly format: InvoiceFormat
  readonly look: Pick<InvoiceConfig, 'logo' | 'font'>
}

function logoUrl({ logo }: RenderRequest['look']): string | null {
  const bytes = readOrNull(logo)
  if (logo === null || bytes === null) return null
  const kind = extname(logo).toLowerCase() === '.png' ? 'png' : 'jpeg'
  return `data:image/${kind};base64,${bytes.toString('base64')}`
}

function readOrNull(path: string | null): Buffer | null {
  return path === null ? null : readFileSync(path)
}
