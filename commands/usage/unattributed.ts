import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import type { RetryTally, UnattributedList } from '../../src/ingest/unattributed.ts'
import { openIntake } from '../../src/intake.ts'
import { UNATTRIBUTED_REASONS } from '../../src/storage/ports/unattributed.ts'

export default class UsageUnattributed extends GatezCommand {
  static override summary = 'List events that were reported and do not count, or count them by now.'
  static override description =
    'unknown-tenant: no tenant has that id. no-meter: no meter of the file takes that metric. idempotency-conflict: ' +
    'another event has that idempotency key, and that one counts. The first two are kept whole: create the ' +
    'tenant, or add the meter and apply it, then --retry counts them, at the time they were reported.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --reason idempotency-conflict --json',
    '<%= config.bin %> <%= command.id %> --retry',
  ]
  static override flags = {
    reason: Flags.option({ description: 'Only these.', options: UNATTRIBUTED_REASONS })(),
    limit: Flags.integer({
      description: 'How many to list, the oldest first.',
      default: 100,
      min: 1,
      max: 100_000,
      helpValue: 'N',
    }),
    retry: Flags.boolean({
      description: 'Count what has a tenant and a meter by now.',
      exclusive: ['reason'],
    }),
  }

  async run(): Promise<UnattributedList | RetryTally> {
    const { flags } = await this.parse(UsageUnattributed)
    await using intake = await openIntake(flags.config)
    if (flags.retry) {
      const tally = await intake.retryUnattributed((tried) => {
        if (tried % PROGRESS_EVERY === 0) process.stderr.write(`${tried} tried\n`)
      })
      this.log(`${tally.tried} tried: ${tally.counted} now count, ${tally.left} still wait.`)
      if (tally.conflicts > 0) this.log(`${tally.conflicts} are in conflict with another event of their id.`)
      return tally
    }
    const list = await intake.listUnattributed({ reason: flags.reason, limit: flags.limit })
    this.table(
      [
        { title: 'FIRST (UTC)', whole: true },
        { title: 'TENANT' },
        { title: 'METRIC' },
        { title: 'IDEMPOTENCY KEY' },
        { title: 'REASON', whole: true },
        { title: 'TIMES', align: 'right', mayGo: true },
      ],
      list.events.map((event) => [
        event.first_at.slice(0, 16).replace('T', ' '),
        event.tenant_id,
        event.metric,
        event.idempotency_key,
        event.reason,
        String(event.times),
      ]),
      'Every event that was reported counts.',
    )
    const all = Object.values(list.counts).reduce((sum, each) => sum + each, 0)
    if (flags.reason === undefined && all > list.events.length) this.log(`\n… of ${all}; --limit shows more.`)
    return list
  }
}

const PROGRESS_EVERY = 5_000
