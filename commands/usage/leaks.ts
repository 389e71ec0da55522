import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { LEAK_COLUMNS, leakLines, leakRows } from '../../src/cli/leaks-text.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import type { RetryTally } from '../../src/ingest/unattributed.ts'
import { openIntake } from '../../src/intake.ts'
import { LEAK_KINDS } from '../../src/model/leak-kind.ts'
import { openProof } from '../../src/proof.ts'
import type { UsageLeaks as Leaks } from '../../src/reconcile/usage-leaks.ts'

export default class UsageLeaks extends GatezCommand {
  static override summary = 'List what may be missing on the bills, and why; count by now what was kept.'
  static override description =
    'unattributed: reported events of a tenant or metric that nobody knows, or whose key another event has; they are ' +
    'kept, and --retry counts what has a tenant and a meter by now. missing-quantity: calls without a quantity they ' +
    'should have, as the upstream reported none (missing) or no decimal (invalid), or it could not be read (encoded, ' +
    'too-long). unpriced: billed usage of no plan, or of a meter that its plan has no charge for. not-billed: answers ' +
    'from 200 to 299 that are on no bill. delivery-unknown: billed calls whose client left, or that broke off when ' +
    'gatez was killed. --ids prints every id, one a line; with --json a JSON object a line.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --month 2026-03 --json',
    '<%= config.bin %> <%= command.id %> --kind unpriced --ids',
    '<%= config.bin %> <%= command.id %> --retry',
  ]
  static override flags = {
    month: USAGE_FLAGS.month,
    from: USAGE_FLAGS.from,
    to: USAGE_FLAGS.to,
    tenant: USAGE_FLAGS.tenant,
    kind: Flags.option({ description: 'Only these.', options: LEAK_KINDS })(),
    ids: Flags.boolean({ description: 'Print every id, and nothing else.' }),
    retry: Flags.boolean({
      description: 'Count reported events that have a tenant and a meter by now.',
      exclusive: ['kind', 'ids', 'month', 'from', 'to', 'tenant'],
    }),
  }

  async run(): Promise<Leaks | RetryTally | undefined> {
    const { flags } = await this.parse(UsageLeaks)
    if (flags.retry) return this.#retry(flags.config)
    await using proof = await openProof(flags.config)

    if (flags.ids) {
      await proof.eachLeak(flags, (leak) => {
        if (leak.id === '') return
        process.stdout.write(this.jsonEnabled() ? `${JSON.stringify(leak)}\n` : `${leak.id}\n`)
      })
      return undefined
    }
    const leaks = await proof.leaks(flags)
    this.log(`From ${leaks.from} up to ${leaks.to}\n`)
    this.table(
      LEAK_COLUMNS,
      leakRows(leaks),
      'Nothing leaks: all that was served and reported is on the bills.',
    )
    for (const line of leakLines(leaks)) this.log(line)
    return leaks
  }

  async #retry(config: string): Promise<RetryTally> {
    await using intake = await openIntake(config)
    const tally = await intake.retryUnattributed((tried) => {
      if (tried % PROGRESS_EVERY === 0) process.stderr.write(`${tried} tried\n`)
    })
    this.log(`${tally.tried} tried: ${tally.counted} now count, ${tally.left} still wait.`)
    if (tally.conflicts > 0) this.log(`${tally.conflicts} are in conflict with another event of their id.`)
    return tally
  }

  /** Ids were printed as they came: nothing is left for the end. */
  override logJson(json: unknown): void {
    if (json !== undefined) super.logJson(json)
  }
}

const PROGRESS_EVERY = 5_000
