import * as Flags from '@oclif/core/flags'
import { openApp } from '../../src/app.ts'
import { EXPORT_FORMATS } from '../../src/billing/export/usage-rows.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import { type UsageReportView, viewUsageReport } from '../../src/metering/usage-view.ts'

export default class UsageExport extends GatezCommand {
  static override summary = 'Write usage as CSV or JSON lines, to standard output or a file.'
  static override description =
    'Breaks down by tenant and key if not told otherwise. Over whole billing periods the amounts add up to the bill: what a key used has its share of each charge, fees stand on an empty key. A file is there whole or not at all, readable by its owner only. Text can never run as a formula in a spreadsheet.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --month 2026-03 > usage.csv',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --by tenant,day --out usage.csv',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --format jsonl',
  ]
  static override flags = {
    ...USAGE_FLAGS,
    format: Flags.option({
      description: 'How to write it.',
      options: EXPORT_FORMATS,
      default: 'csv' as const,
    })(),
    out: Flags.string({ description: 'File to write; standard output if not given.', helpValue: 'FILE' }),
  }

  async run(): Promise<UsageReportView> {
    const { flags } = await this.parse(UsageExport)
    await using app = await openApp(flags.config)

    const { out, format } = flags
    const to = out ?? (this.jsonEnabled() ? null : process.stdout)
    const report = await app.exportUsage(flags, { format, to })
    if (out !== undefined) this.log(`Wrote ${report.rows.length} rows to ${out}.`)
    return viewUsageReport(report)
  }
}
