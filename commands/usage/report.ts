import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import { usageTable } from '../../src/cli/usage-table.ts'
import { type UsageReportView, viewUsageReport } from '../../src/metering/usage-view.ts'

export default class UsageReport extends GatezCommand {
  static override summary = 'Show what was used, from the ledger: by tenant, key, route, day …'
  static override description =
    'Counts of requests cover all of them; units, bytes and meters the billable ones. Every breakdown adds up to the same total. ' +
    'It says what that costs, fees on a row of their own where keys or routes are shown; days have their shares of the billing period they are in.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --month 2026-03',
    '<%= config.bin %> <%= command.id %> --by day --tenant acme --tz Europe/Berlin',
    '<%= config.bin %> <%= command.id %> --from 2026-03-01 --to 2026-03-08 --by route --json',
  ]
  static override flags = USAGE_FLAGS

  async run(): Promise<UsageReportView> {
    const { flags } = await this.parse(UsageReport)
    await using app = await openApp(flags.config)

    const report = await app.usageReport(flags)
    const { title, columns, rows, notes } = usageTable(report)
    this.log(`${title}\n`)
    this.table(columns, rows, 'Nothing was used.')
    for (const note of notes) this.log(`\n${note}`)
    const { leaks } = report.total
    if (leaks !== '0') this.log(`\nQuantities missing: ${leaks}. What and why: gatez usage leaks`)
    return viewUsageReport(report)
  }
}
