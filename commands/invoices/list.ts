import * as Flags from '@oclif/core/flags'
import type { InvoiceRowView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_COLUMNS, invoiceRows } from '../../src/cli/invoice-text.ts'
import { openInvoicing } from '../../src/invoicing.ts'
import { INVOICE_STATES } from '../../src/model/invoice.ts'

export default class InvoicesList extends GatezCommand {
  static override summary = 'List invoices, oldest period first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant acme --state overdue',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --json',
  ]
  static override flags = {
    tenant: Flags.string({ description: 'Only this tenant: its id or external id.' }),
    month: Flags.string({
      description: 'Only those whose period begins in this month, as 2026-03.',
      helpValue: 'YYYY-MM',
    }),
    state: Flags.option({ description: 'Only those in this state.', options: INVOICE_STATES })(),
  }

  async run(): Promise<readonly InvoiceRowView[]> {
    const { flags } = await this.parse(InvoicesList)
    await using invoicing = await openInvoicing(flags.config)

    const invoices = await invoicing.listInvoices(flags)
    this.table(INVOICE_COLUMNS, invoiceRows(invoices), 'There are no such invoices.')
    return invoices
  }
}
