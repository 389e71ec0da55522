import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { INVOICE_ARG } from '../../src/cli/invoice-flags.ts'
import type { CreditNoteView } from '../../src/control/desk-cases.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesCredit extends GatezCommand {
  static override summary = 'Write a credit note: take an amount off an invoice.'
  static override description =
    'The invoice itself never changes. The note lowers what is due; what was paid already goes to the credit of the tenant, ' +
    'and the next invoice uses it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> INV-2026-0001 --amount 20.00 --reason "Outage"',
  ]
  static override args = INVOICE_ARG
  static override flags = {
    amount: Flags.string({ description: 'With tax, as 20.00; all of the invoice if not given.' }),
    reason: Flags.string({ description: 'Why; it stands on the note.', required: true }),
  }

  async run(): Promise<CreditNoteView> {
    const { args, flags } = await this.parse(InvoicesCredit)
    await using invoicing = await openInvoicing(flags.config)

    const note = await invoicing.creditInvoice({ ...args, ...flags })
    const { number, amount, invoice } = note
    this.log(`${number} takes ${amount} ${invoice.currency} off ${invoice.number}; to pay: ${invoice.due}.`)
    return note
  }
}
