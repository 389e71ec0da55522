import * as Flags from '@oclif/core/flags'
import { openApp } from '../../src/app.ts'
import { ACCOUNTING_FORMATS } from '../../src/billing/export/accounting-csv.ts'
import type { TooOldUsage } from '../../src/billing/export/meter-events.ts'
import { STRIPE_FORMATS } from '../../src/billing/export/stripe-file.ts'
import { ROW_FORMATS } from '../../src/billing/export/usage-rows.ts'
import type { InvoiceRowView } from '../../src/billing/invoice/invoice-view.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'
import { isoTime } from '../../src/lib/iso-time.ts'
import { keepHeapSmall } from '../../src/lib/shrink-heap.ts'
import { type UsageReportView, viewUsageReport } from '../../src/metering/usage-view.ts'
import { openUsageFiles } from '../../src/usage-files.ts'

export default class UsageExport extends GatezCommand {
  static override summary = 'Write usage as CSV or JSON lines, or for Stripe, QuickBooks and Xero.'
  static override description =
    'csv and jsonl break down by tenant and key if not told otherwise. The amounts of whole billing periods add up to the bill: what a key used has its share of each charge, fees stand on an empty key. Days of a period have their shares of it. A file is there whole or not at all, readable by its owner only. Text can never run as a formula in a spreadsheet.\n\n' +
    'stripe (JSON lines) and stripe-csv have an event for each tenant, meter and hour. Each is given once: what changed since comes as the difference, with an identifier of its own. --again gives all of the span again, with the identifiers it had. quickbooks and xero are the invoices of the span, as these programs import them.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --month 2026-03 > usage.csv',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --by tenant,day --out usage.csv',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --format jsonl',
    '<%= config.bin %> <%= command.id %> --format stripe --event-name calls=api_calls',
  ]
  static override flags = {
    ...USAGE_FLAGS,
    format: Flags.option({
      description: 'How to write it.',
      options: [...ROW_FORMATS, ...STRIPE_FORMATS, ...ACCOUNTING_FORMATS] as const,
      default: 'csv' as const,
    })(),
    out: Flags.string({ description: 'File to write; standard output if not given.', helpValue: 'FILE' }),
    'event-name': Flags.string({
      description: 'What Stripe calls a meter; its id if not given.',
      helpValue: 'METER=NAME',
      multiple: true,
    }),
    again: Flags.boolean({ description: 'Also the events for Stripe that were given before.' }),
  }

  async run(): Promise<UsageReportView | StripeExportView | readonly InvoiceRowView[] | undefined> {
    keepHeapSmall()
    const { flags } = await this.parse(UsageExport)
    const { out, format } = flags
    const to = out ?? (this.jsonEnabled() ? null : process.stdout)
    if (format === 'csv' || format === 'jsonl') {
      refuseGiven({ again: flags.again || undefined, 'event-name': flags['event-name'] }, STRIPE_FORMATS)
      await using app = await openApp(flags.config, 'small')
      const asReport = this.jsonEnabled()
      const { rows, report } = await app.exportUsage(flags, { format, to, asReport })
      if (out !== undefined) this.log(`Wrote ${rows} rows to ${out}.`)
      return asReport && report !== null ? viewUsageReport(report) : undefined
    }
    refuseGiven({ by: flags.by, tz: flags.tz }, ROW_FORMATS)
    await using files = await openUsageFiles(flags.config)
    if (format === 'quickbooks' || format === 'xero') {
      refuseGiven(
        { again: flags.again || undefined, 'event-name': flags['event-name'], meters: flags.meters },
        STRIPE_FORMATS,
      )
      const invoices = await files.exportAccounting(flags, { format, to })
      if (out !== undefined) this.log(`Wrote ${invoices.length} invoices to ${out}.`)
      return invoices
    }
    const eventNames = flags['event-name'] ?? []
    const written = await files.exportMeterEvents({ ...flags, eventNames }, { format, to })
    const { events, tooOld, unnamed } = written
    if (out !== undefined) this.log(`Wrote ${events} events to ${out}.`)
    if (tooOld.length > 0) this.warn(tooOldText(tooOld))
    if (unnamed.length > 0) this.warn(`Without an external id, and so under its own: ${unnamed.join(', ')}.`)
    const hours = tooOld.map(({ tenantId, meter, atMs }) => ({
      tenant_id: tenantId,
      meter,
      hour: isoTime(atMs),
    }))
    return { events, too_old: hours, without_external_id: unnamed }
  }
}

interface StripeExportView {
  readonly events: number
  /** Left out: older than Stripe takes. */
  readonly too_old: readonly { readonly tenant_id: string; readonly meter: string; readonly hour: string }[]
  readonly without_external_id: readonly string[]
}

function tooOldText(hours: readonly TooOldUsage[]): string {
  const rows = hours.map(({ tenantId, meter, atMs }) => `  ${tenantId} ${meter} ${isoTime(atMs)}`)
  return ['Left out, since Stripe takes nothing that is older than 35 days:', ...rows].join('\n')
}

/** A flag that would do nothing is more likely a mistake. */
function refuseGiven(flags: Readonly<Record<string, unknown>>, formats: readonly string[]): void {
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined) continue
    const detail = `--${flag} goes with --format ${formats.join(' or ')} only; leave it out.`
    throw new GatezError('invalid-parameter', detail)
  }
}
