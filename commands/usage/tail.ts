import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { OpenStreams } from '../../src/cli/open-streams.ts'
import { tailHeading, tailLine } from '../../src/cli/tail-line.ts'
import { untilInterrupted } from '../../src/cli/until-interrupted.ts'
import { openEvidence } from '../../src/evidence.ts'
import { viewEvent } from '../../src/metering/event-view.ts'

export default class UsageTail extends GatezCommand {
  static override summary = 'Watch calls as they happen: method, path, status, ms, tenant, key.'
  static override description =
    'Shows the last calls, then each new one within about a second, until Ctrl-C. Refusals are shown too; what is ' +
    'beyond ten a second of one key, route and reason is one line with a count. Paths are cut to fit the terminal; ' +
    '--json prints a whole event a line. A call that takes long is shown when it is first metered and when it ends. ' +
    'gatez why explains any of them.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant acme --status 4xx,5xx',
    '<%= config.bin %> <%= command.id %> --route analyze --last 50 --no-follow',
    '<%= config.bin %> <%= command.id %> --json | jq .request_id',
  ]
  static override flags = {
    tenant: Flags.string({ description: 'Only this tenant: its id or external id.' }),
    status: Flags.string({ description: 'Only these, as 429, 4xx or 500-504, with commas between.' }),
    route: Flags.string({ description: 'Only this route: its id.' }),
    last: Flags.integer({
      description: 'How many of the calls before now to show.',
      default: 10,
      min: 0,
      max: 10_000,
      helpValue: 'N',
    }),
    follow: Flags.boolean({
      description: 'Go on with new calls until Ctrl-C.',
      default: true,
      allowNo: true,
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(UsageTail)
    await using evidence = await openEvidence(flags.config)

    const width = process.stdout.isTTY ? process.stdout.columns : PIPE_WIDTH
    const signal = untilInterrupted()
    const parts = this.jsonEnabled() ? undefined : 'ends'
    const streams = new OpenStreams()
    let headed = false
    for await (const events of evidence.tailUsage({ ...flags, parts, signal })) {
      if (!headed) this.log(tailHeading(width))
      headed = true
      for (const event of events) {
        if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(viewEvent(event))}\n`)
        else this.log(tailLine(streams.whole(event), width))
      }
    }
    if (!headed && !flags.follow) this.log('No calls.')
  }

  /** Events were printed as they came: nothing is left for the end. */
  override logJson(): void {}
}

/** Where no terminal says how wide it is. */
const PIPE_WIDTH = 160
