import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { type FoundKey, type KeyScan, scanKeys } from '../../src/access/scan-keys.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'

export default class KeysScan extends GatezCommand {
  static override summary = 'Look for keys that leaked into files or git history.'
  static override description =
    'Only what has the form of a key and keeps its checksum is reported, so there is no false alarm. Links are not ' +
    'followed; binary files and those over 16 MiB are passed over and counted. Exit code 0: clean, 8: keys found. ' +
    'Needs no configuration, so it can run in any CI. What was pushed is known to others: rotate such a key, ' +
    'taking it out of the file is not enough.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> .',
    '<%= config.bin %> <%= command.id %> . --history',
  ]
  static override args = {
    path: Args.string({ description: 'File or folder.', required: true }),
  }
  static override flags = {
    history: Flags.boolean({ description: 'Also read all of its git history, and commit messages.' }),
  }

  async run(): Promise<KeyScan> {
    const { args, flags } = await this.parse(KeysScan)

    const scan = await scanKeys({ path: args.path, history: flags.history })
    for (const key of scan.found) this.log(`${place(key)} ${key.masked}`)
    const commits = scan.commits === null ? '' : ` and ${plural(scan.commits, 'commit')}`
    const skipped = scan.skipped === 0 ? '' : ` (${scan.skipped} binary or large ones skipped)`
    const count = scan.found.length === 0 ? 'No key' : plural(scan.found.length, 'key')
    this.log(`${count} found in ${plural(scan.files, 'file')}${skipped}${commits}.`)
    if (scan.found.length > 0) {
      this.log(
        '→ gatez keys list names each by the same masked secret; gatez keys rotate ID --overlap 0 ends it.',
      )
      process.exitCode = 8
    }
    return scan
  }
}

function place({ commit, file, line }: FoundKey): string {
  return `${commit === null ? '' : `${commit.slice(0, 12)}:`}${file}${line === 0 ? '' : `:${line}`}`
}
