import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { fileRun, tallyLines } from '../../src/cli/file-run.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import type { FileTally } from '../../src/ingest/file-tally.ts'
import { openIntake } from '../../src/intake.ts'

export default class UsageImport extends GatezCommand {
  static override summary = 'Count the calls of a log that another program wrote, each once.'
  static override description =
    'FILE has a JSON object a line (or is one JSON array) with timestamp, endpoint, method, status_code, customer_id ' +
    '(id or external id of a tenant) or api_key (one that gatez knows), perhaps response_time_ms, bytes_sent, ' +
    'bytes_received, usage_units, and id or request_id; other fields are passed over. - reads standard input. An entry without an id is ' +
    'known by what it says: two equal lines of a file are two calls, the same file again is none. Keys are hashed ' +
    'and never kept. A running gateway counts what is imported against quotas from its next start on. Exit code 0: all count, 1: some do not.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> calls.jsonl --dry-run',
    '<%= config.bin %> <%= command.id %> calls.jsonl --source old-gateway',
  ]
  static override args = {
    file: Args.string({ description: 'File, or - for standard input.', required: true }),
  }
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Only look; nothing is written.' }),
    source: Flags.string({
      description: 'Where the log comes from: equal entries of two sources are two calls.',
      default: 'import',
    }),
  }

  async run(): Promise<FileTally & { readonly dry_run: boolean }> {
    const { args, flags } = await this.parse(UsageImport)
    await using intake = await openIntake(flags.config)

    const dryRun = flags['dry-run']
    const run = fileRun(1)
    const tally = await intake.importLog(args.file, { ...run, source: flags.source, dryRun })
    for (const line of tallyLines(tally, dryRun ? 'would count' : 'now count')) this.log(line)
    if (dryRun) this.log('Nothing was written (--dry-run).')
    if (run.signal.aborted) this.log('Stopped. → Run it again: what counts already stays counted once.')
    if (tally.failed > 0 || run.signal.aborted) process.exitCode = 1
    return { ...tally, dry_run: dryRun }
  }
}
