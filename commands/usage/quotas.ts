import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import type { QuotaRow } from '../../src/metering/list-quotas.ts'

export default class UsageQuotas extends GatezCommand {
  static override summary = 'Show how far the quotas of tenants are used, and which alerts went out.'
  static override description =
    'Counted by the ledger, for the periods that run now. At 80 and at 100 % of a quota a message goes to the outbox, ' +
    'once in a period.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant acme --json',
  ]
  static override flags = { tenant: USAGE_FLAGS.tenant }

  async run(): Promise<{ readonly quotas: readonly QuotaRow[] }> {
    const { flags } = await this.parse(UsageQuotas)
    await using app = await openApp(flags.config)

    const quotas = await app.listQuotas(flags)
    this.table(
      [
        { title: 'TENANT' },
        { title: 'QUOTA' },
        { title: 'USED', align: 'right' },
        { title: 'INCLUDED', align: 'right' },
        { title: '%', align: 'right' },
        { title: 'THEN' },
        { title: 'UNTIL' },
        { title: 'TOLD' },
      ],
      quotas.map((row) => [
        row.tenant_id,
        row.quota,
        row.used,
        row.included,
        row.percent ?? '–',
        row.on_exceed,
        row.to.slice(0, 10),
        row.told.join(' ') || '–',
      ]),
      'No tenant has a plan with a quota.',
    )
    return { quotas }
  }
}
