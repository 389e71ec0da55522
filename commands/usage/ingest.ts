import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { fileRun, tallyLines } from '../../src/cli/file-run.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import type { FileTally } from '../../src/ingest/file-tally.ts'
import { openIntake } from '../../src/intake.ts'

export default class UsageIngest extends GatezCommand {
  static override summary = 'Count the events of a file, each once, as POST /v1/events would.'
  static override description =
    'FILE has a JSON object a line (or is one JSON array): {"tenant_id", "metric", "value", "idempotency_key"}, perhaps ' +
    '"timestamp", "properties", "source"; or CloudEvents 1.0. - reads standard input. What is counted stays counted once, ' +
    'so a file may be run again after whatever happened; --from-line only saves time. Lines that fail are told by ' +
    'their number, the others count. Exit code 0: all count, 1: some do not.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> events.jsonl',
    '<%= config.bin %> <%= command.id %> events.jsonl --from-line 2 --json',
    'cat events.jsonl | <%= config.bin %> <%= command.id %> -',
  ]
  static override args = {
    file: Args.string({ description: 'File, or - for standard input.', required: true }),
  }
  static override flags = {
    'from-line': Flags.integer({
      description: 'Pass over what stands before this line.',
      default: 1,
      min: 1,
      helpValue: 'N',
    }),
  }

  async run(): Promise<FileTally> {
    const { args, flags } = await this.parse(UsageIngest)
    await using intake = await openIntake(flags.config)

    const run = fileRun(flags['from-line'])
    const tally = await intake.ingestFile(args.file, run)
    for (const line of tallyLines(tally, 'now count')) this.log(line)
    if (run.signal.aborted) {
      const next = tally.through_line + 1
      this.log(`Stopped. → gatez usage ingest ${args.file} --from-line ${next} goes on.`)
    }
    if (tally.failed > 0 || run.signal.aborted) process.exitCode = 1
    return tally
  }
}
