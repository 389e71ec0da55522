import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { ImportedKeys } from '../../src/access/import-keys.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'
import { readTextFile } from '../../src/cli/read-text-file.ts'

export default class KeysImport extends GatezCommand {
  static override summary = 'Take over the keys of another system; they keep working as they are.'
  static override description =
    'FILE is a CSV whose first line names its columns: tenant, name, and key (the value) or sha256 (its hash, when ' +
    'you have no values), perhaps expires_at. Any 16 to 256 visible characters are a key; customers send it in ' +
    'x-api-key as before. Only hashes are kept, values are never printed. All lines are imported or none: every ' +
    'problem is told by its line. The tenants must exist and have a plan with room for the keys.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> keys.csv --dry-run',
    '<%= config.bin %> <%= command.id %> keys.csv',
  ]
  static override args = {
    file: Args.string({ description: 'CSV file.', required: true }),
  }
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Only check; nothing is written.' }),
  }

  async run(): Promise<ImportedKeys> {
    const { args, flags } = await this.parse(KeysImport)
    const text = await readTextFile(args.file, FILE_BYTES_MAX)
    await using app = await openApp(flags.config)

    const imported = await app.importKeys({ text, dryRun: flags['dry-run'] })
    const count = plural(imported.imported, 'key')
    if (imported.dry_run) this.log(`${count} can be imported. Nothing was written (--dry-run).`)
    else this.log(`Imported ${count}; a running gatez serve takes them within a second.`)
    if (!imported.dry_run) this.log(`→ Delete ${args.file} if it holds values: gatez does not need it again.`)
    return imported
  }
}

const FILE_BYTES_MAX = 64 * 1024 * 1024
