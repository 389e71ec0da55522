import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import { openEvidence } from '../../src/evidence.ts'
import type { UsageLatency as Latency } from '../../src/metering/usage-latency.ts'

export default class UsageLatency extends GatezCommand {
  static override summary = 'Show how long calls took, by tenant, key or route: the slowest first.'
  static override description =
    'Read from single calls, so as far back as they are kept (metering.retention_days). Times are those of the ' +
    'answer, in ms: half of the calls took no longer than P50, 95 of 100 no longer than P95. Refusals and answers ' +
    'that were metered in parts are counted, but not timed.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --by tenant,route --json',
  ]
  static override flags = {
    month: USAGE_FLAGS.month,
    from: USAGE_FLAGS.from,
    to: USAGE_FLAGS.to,
    by: Flags.string({
      description: 'Break down by, with commas between: tenant, key, route.',
      default: 'route',
    }),
    tenant: USAGE_FLAGS.tenant,
  }

  async run(): Promise<Latency> {
    const { flags } = await this.parse(UsageLatency)
    await using evidence = await openEvidence(flags.config)

    const found = await evidence.latency(flags)
    this.log(`Calls from ${found.from} up to ${found.to}\n`)
    const columns = (['tenant_id', 'key_id', 'route_id'] as const).filter((name) => {
      return found.rows.some((row) => row[name] !== null)
    })
    this.table(
      [
        ...columns.map((name) => ({ title: name.replace('_id', '').toUpperCase() })),
        ...FIGURES.map((title) => ({ title, align: 'right' as const })),
      ],
      found.rows.map((row) => [
        ...columns.map((name) => row[name] || '–'),
        ...[row.requests, row.refused, row.failed].map(String),
        ...[row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map((ms) => (ms === null ? '–' : `${ms} ms`)),
      ]),
      'No calls.',
    )
    return found
  }
}

const FIGURES = ['REQUESTS', 'REFUSED', '5XX', 'P50', 'P95', 'P99', 'MAX'] as const
