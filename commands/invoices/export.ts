import * as Flags from '@oclif/core/flags'
import { EXPORTED_AS } from '../../src/billing/export/export-invoices.ts'
import type { InvoiceRowView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { openInvoicing } from '../../src/invoicing.ts'
import { INVOICE_STATES } from '../../src/model/invoice.ts'

export default class InvoicesExport extends GatezCommand {
  static override summary = 'Write many invoices: as one CSV or JSONL, or each as a file in a folder.'
  static override description =
    'csv has a row for each line and each tax: the amounts of an invoice add up to its total. quickbooks and xero are the ' +
    'CSV files these programs import; credit-notes are those of the invoices, as CSV. pdf and html need --out, a folder that gets a file for each invoice.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --month 2026-03 > invoices.csv',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --format pdf --out invoices',
    '<%= config.bin %> <%= command.id %> --tenant acme --format jsonl --out acme.jsonl',
  ]
  static override flags = {
    tenant: Flags.string({ description: 'Only this tenant: its id or external id.' }),
    month: Flags.string({
      description: 'Only those whose period begins in this month, as 2026-03.',
      helpValue: 'YYYY-MM',
    }),
    state: Flags.option({ description: 'Only those in this state.', options: INVOICE_STATES })(),
    format: Flags.option({
      description: 'How to write them.',
      options: EXPORTED_AS,
      default: 'csv' as const,
    })(),
    out: Flags.string({
      description: 'File to write, or folder for pdf and html; standard output if not given.',
      helpValue: 'PATH',
    }),
  }

  async run(): Promise<readonly InvoiceRowView[]> {
    const { flags } = await this.parse(InvoicesExport)
    await using invoicing = await openInvoicing(flags.config)

    const { out, format } = flags
    const to = out ?? (this.jsonEnabled() ? null : process.stdout)
    const invoices = await invoicing.exportInvoices(flags, { format, to })
    if (out !== undefined) this.log(`Wrote ${invoices.length} invoices to ${out}.`)
    return invoices
  }
}
