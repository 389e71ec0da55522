import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import type { PaidInvoiceView } from '../../src/control/desk-cases.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesPay extends GatezCommand {
  static override summary = 'Write down a payment of an invoice.'
  static override description =
    'All that is due, if no amount is given. A part leaves the rest due; what is more goes to the credit of the tenant, and ' +
    'the next invoice uses it. A reference that was written down before changes nothing.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> INV-2026-0001',
    '<%= config.bin %> <%= command.id %> INV-2026-0001 --amount 100.00 --reference bank-17',
  ]
  static override args = INVOICE_ARG
  static override flags = {
    amount: Flags.string({ description: 'What was paid, as 286.00.' }),
    reference: Flags.string({ description: 'What the bank calls it; unique for the invoice.' }),
  }

  async run(): Promise<PaidInvoiceView> {
    const { args, flags } = await this.parse(InvoicesPay)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.payInvoice({ ...args, ...flags })
    if (!invoice.new) this.log('This payment was written down before: nothing changed.')
    this.log(`${invoice.number} is ${invoice.state}; to pay: ${invoice.due} ${invoice.currency}.`)
    return invoice
  }
}
