import { GatezCommand } from '../src/cli/gatez-command.ts'
import { FIGURE_COLUMNS, figureTable, reconcileLines } from '../src/cli/reconcile-text.ts'
import { USAGE_FLAGS } from '../src/cli/usage-flags.ts'
import { openProof } from '../src/proof.ts'
import type { Reconciliation } from '../src/reconcile/reconcile.ts'

export default class Reconcile extends GatezCommand {
  static override summary = 'Prove that all say the same: log, rollups, quotas, report, export, invoices.'
  static override description =
    'Counts every raw event of the span again, by other code than that which made the sums, and holds each store ' +
    'against it, per tenant and meter. Every bucket of 15 minutes is also held against the seal that the ledger made ' +
    'when it took the events in: an event that was changed, deleted or doubled by hand is found and, where that ' +
    'can be told, named. Invoices of the span must have what the ledger has. Works beside a gateway that serves. --tenant narrows what is shown, not what is looked at. ' +
    'Exit code 0 when everything agrees, 8 when something differs.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --tenant acme',
    '<%= config.bin %> <%= command.id %> --from 2026-03-01 --to 2026-03-08 --json',
  ]
  static override flags = {
    month: USAGE_FLAGS.month,
    from: USAGE_FLAGS.from,
    to: USAGE_FLAGS.to,
    tenant: USAGE_FLAGS.tenant,
  }

  async run(): Promise<Reconciliation> {
    const { flags } = await this.parse(Reconcile)
    await using proof = await openProof(flags.config)

    const found = await proof.reconcile(flags)
    this.log(`From ${found.from} up to ${found.to}\n`)
    this.table(
      FIGURE_COLUMNS,
      figureTable(found),
      'Nothing was used, or every figure is the same everywhere.',
    )
    this.log('')
    for (const line of reconcileLines(found)) this.log(line)
    if (!found.equal) process.exitCode = 8
    return found
  }
}
