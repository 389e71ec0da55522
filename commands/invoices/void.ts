import * as Flags from '@oclif/core/flags'
import { dayText } from '../../src/billing/invoice/day-text.ts'
import type { InvoiceRowView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesVoid extends GatezCommand {
  static override summary = 'Take an invoice back that nobody has paid.'
  static override description =
    'Its number stays taken. gatez invoices run --tenant makes another one for the same period, of what the ledger says then.'
  static override examples = ['<%= config.bin %> <%= command.id %> INV-2026-0001 --reason "Wrong plan"']
  static override args = INVOICE_ARG
  static override flags = {
    reason: Flags.string({ description: 'Why; it stays with the invoice.', required: true }),
  }

  async run(): Promise<InvoiceRowView> {
    const { args, flags } = await this.parse(InvoicesVoid)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.voidInvoice({ ...args, ...flags })
    const day = dayText(Date.parse(invoice.period_start), invoice.timezone)
    this.log(`${invoice.number ?? invoice.id} is void: what it had is on no bill now.`)
    this.log(`→ Another one is made by gatez invoices run --tenant ${invoice.tenant_id} --on ${day}`)
    return invoice
  }
}
