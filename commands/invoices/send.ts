import type { InvoiceRowView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesSend extends GatezCommand {
  static override summary = 'Issue a draft and send it, or send an invoice once more.'
  static override description =
    'A draft gets its number and its dates here. Mail goes to the members of the tenant with the role billing, or else to ' +
    'its admins.'
  static override examples = ['<%= config.bin %> <%= command.id %> INV-2026-0001']
  static override args = INVOICE_ARG

  async run(): Promise<InvoiceRowView> {
    const { args, flags } = await this.parse(InvoicesSend)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.sendInvoice(args.invoice)
    this.log(`${invoice.number} is on its way.`)
    return invoice
  }
}
