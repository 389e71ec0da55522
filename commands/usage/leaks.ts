import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import type { UsageLeaks as Leaks } from '../../src/metering/usage-leaks.ts'

export default class UsageLeaks extends GatezCommand {
  static override summary = 'List billed calls that lack a quantity: what is missing on the bills, and why.'
  static override description =
    'A value that is no quantity never becomes a wrong bill: it is left out, logged, and counted here. invalid: the ' +
    'upstream reported something else than a decimal. missing: an answer of a route that the meter names had no ' +
    'usage object with that field. encoded: it came compressed although identity was asked for. too-long: the usage ' +
    'object was longer than 16 KiB.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --json',
  ]
  static override flags = {
    month: USAGE_FLAGS.month,
    from: USAGE_FLAGS.from,
    to: USAGE_FLAGS.to,
    tz: USAGE_FLAGS.tz,
    tenant: USAGE_FLAGS.tenant,
  }

  async run(): Promise<Leaks> {
    const { flags } = await this.parse(UsageLeaks)
    await using app = await openApp(flags.config)

    const leaks = await app.usageLeaks(flags)
    this.log(`Leaks from ${leaks.from} up to ${leaks.to}\n`)
    this.table(
      [
        { title: 'TENANT' },
        { title: 'ROUTE' },
        { title: 'METER' },
        { title: 'REASON' },
        { title: 'CALLS', align: 'right' },
      ],
      leaks.rows.map(({ tenant_id, route_id, meter, reason, calls }) => [
        ...[tenant_id || '–', route_id, meter, reason, String(calls)],
      ]),
      'None: every quantity that was reported is on the bills.',
    )
    return leaks
  }
}
