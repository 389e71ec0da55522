import * as Flags from '@oclif/core/flags'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import type { DegradedList } from '../../src/limits/degraded-calls.ts'

export default class UsageDegraded extends GatezCommand {
  static override summary = 'List calls that were decided while the shared counters were out of reach.'
  static override description =
    'While a node cannot reach stores.counters, the plan of each call says what happens to it (on_store_failure). ' +
    'Every such decision is counted here: a row for each tenant, node and 10 seconds. What was let through is ' +
    'metered and billed like any call, and counts in its limits again once the counters are back.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant acme --json',
  ]
  static override flags = {
    tenant: Flags.string({
      description: 'Only calls of this tenant: id or external id.',
      helpValue: 'TENANT',
    }),
    limit: Flags.integer({
      description: 'How many rows to list, the newest first.',
      default: 100,
      min: 1,
      max: 100_000,
      helpValue: 'N',
    }),
  }

  async run(): Promise<DegradedList> {
    const { flags } = await this.parse(UsageDegraded)
    await using app = await openApp(flags.config)

    const list = await app.listDegraded(flags)
    this.table(
      [
        { title: 'FROM (UTC)', whole: true },
        { title: 'TENANT' },
        { title: 'MODE', whole: true },
        { title: 'ADMITTED', align: 'right' },
        { title: 'REFUSED', align: 'right' },
        { title: 'NODE', mayGo: true },
      ],
      list.rows.map((row) => [
        row.from.slice(0, 19).replace('T', ' '),
        row.tenant_id,
        row.mode,
        String(row.admitted),
        String(row.refused),
        row.node_id,
      ]),
      'None: every call was decided by the counters that all nodes share.',
    )
    return list
  }
}
