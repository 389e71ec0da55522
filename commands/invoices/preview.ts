import * as Args from '@oclif/core/args'
import type { InvoiceView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { invoiceText } from '../../src/cli/invoice-text.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesPreview extends GatezCommand {
  static override summary = "Show what a tenant's next invoice would say if its period ended now."
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> acme --json',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }

  async run(): Promise<InvoiceView> {
    const { args, flags } = await this.parse(InvoicesPreview)
    await using invoicing = await openInvoicing(flags.config)

    const invoice = await invoicing.previewInvoice(args.tenant)
    const text = invoiceText(invoice)
    for (const line of text.head) this.log(line)
    this.table(text.columns, text.rows, 'Nothing would be billed.')
    return invoice
  }
}
