import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { PERIOD_FLAGS } from '../../src/cli/invoice-flags.ts'
import { INVOICE_COLUMNS, invoiceRows } from '../../src/cli/invoice-text.ts'
import type { InvoicesMade } from '../../src/control/desk-cases.ts'
import { openInvoicing } from '../../src/invoicing.ts'

export default class InvoicesRun extends GatezCommand {
  static override summary = 'Make the invoices of periods that are over.'
  static override description =
    'gatez serve does this by itself, unless billing.invoices says otherwise. Without a period: all that are over and not ' +
    'closed yet. Running it twice changes nothing, and a run that was killed is carried on by the next one; numbers have ' +
    'no gaps. What came late to a closed period is billed here as an adjustment.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --month 2026-03',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --tenant acme --review',
  ]
  static override flags = {
    ...PERIOD_FLAGS,
    tenant: Flags.string({
      description: 'Only this tenant: its id or external id. A void invoice of it is made again.',
    }),
    review: Flags.boolean({ description: 'Leave drafts: gatez invoices send issues them.' }),
  }

  async run(): Promise<InvoicesMade> {
    const { flags } = await this.parse(InvoicesRun)
    await using invoicing = await openInvoicing(flags.config)

    const onProgress = (done: number, total: number): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} invoices`)
    }
    const run = await invoicing.runInvoices({ ...flags, review: flags.review || undefined, onProgress })
    if (process.stderr.isTTY) process.stderr.write('\r')
    const { made, kept, problems } = run
    this.table(INVOICE_COLUMNS, invoiceRows(made), 'No invoice was to be made.')
    if (kept > 0) this.log(`\nThere before: ${kept}.`)
    for (const { tenant_id, why } of problems) this.log(`\nNo invoice for ${tenant_id}: ${why}`)
    if (problems.length > 0) process.exitCode = 6
    return run
  }
}
