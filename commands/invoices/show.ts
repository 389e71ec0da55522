import * as Flags from '@oclif/core/flags'
import type { InvoiceView } from '../../src/billing/invoice/invoice-view.ts'
import { INVOICE_FORMATS } from '../../src/billing/render/render-invoice.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import { invoiceText } from '../../src/cli/invoice-text.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesShow extends GatezCommand {
  static override summary = 'Show an invoice: lines with how each was priced, taxes, payments.'
  static override description =
    'As text; with --format as PDF, HTML, JSON or CSV, to standard output or a file. The same invoice always gives the same ' +
    'bytes.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> INV-2026-0001',
    '<%= config.bin %> <%= command.id %> INV-2026-0001 --format pdf --out invoice.pdf',
    '<%= config.bin %> <%= command.id %> INV-2026-0001 --json',
  ]
  static override args = INVOICE_ARG
  static override flags = {
    format: Flags.option({
      description: 'How to write it; as text if not given.',
      options: INVOICE_FORMATS,
    })(),
    out: Flags.string({
      description: 'File to write; standard output if not given.',
      helpValue: 'FILE',
      dependsOn: ['format'],
    }),
  }

  async run(): Promise<InvoiceView> {
    const { args, flags } = await this.parse(InvoicesShow)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.showInvoice(args.invoice)
    const { format, out } = flags
    if (format !== undefined) {
      const to = out ?? (this.jsonEnabled() ? null : process.stdout)
      await invoicing.writeInvoice(args.invoice, { format, to })
      if (out !== undefined) this.log(`Wrote ${invoice.number ?? invoice.id} to ${out}.`)
    } else {
      const text = invoiceText(invoice)
      for (const line of text.head) this.log(line)
      this.table(text.columns, text.rows, 'It has no lines.')
      for (const line of text.foot) this.log(line)
    }
    return invoice
  }
}
