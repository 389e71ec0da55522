import { type InvoiceView, viewInvoice } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import { invoiceHead, invoiceNotes, LINE_COLUMNS, lineRows } from '../../src/cli/invoice-text.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesShow extends GatezCommand {
  static override summary = 'Show an invoice: lines with how each was priced, taxes, payments.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> INV-2026-0001',
    '<%= config.bin %> <%= command.id %> INV-2026-0001 --json',
  ]
  static override args = INVOICE_ARG

  async run(): Promise<InvoiceView> {
    const { args, flags } = await this.parse(InvoicesShow)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.findInvoice(args.invoice)
    const entries = await invoicing.entriesOf(invoice)
    this.log(`${invoiceHead(invoice)}\n`)
    this.table(LINE_COLUMNS, lineRows(invoice), 'It has no lines.')
    for (const note of invoiceNotes(invoice, entries)) this.log(note)
    return viewInvoice(invoice, entries)
  }
}
