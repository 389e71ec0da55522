import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { confirm } from '../src/cli/confirm.ts'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { YES_FLAG } from '../src/cli/yes-flag.ts'
import { clockFromEnvironment, processEnvironment } from '../src/config/environment.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { type Restored, restore, storeFiles } from '../src/upkeep/restore.ts'

export default class Restore extends GatezCommand {
  static override summary = 'Put a backup in the place of the stores.'
  static override description =
    'Checks the backup first, and refuses while a gateway serves from these stores. Stores that are there already stay as they are, ' +
    'unless --force sets them aside: they are renamed, never deleted. What the spool of the backup held is counted, once. ' +
    'The restored stores go on as a node of their own, so their calls cannot be mixed up with those of the old ones.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> backups/monday',
    '<%= config.bin %> <%= command.id %> backups/monday --force --yes',
  ]
  static override args = {
    folder: Args.string({ description: 'Folder that gatez backup made.', required: true }),
  }
  static override flags = {
    force: Flags.boolean({ description: 'Set stores aside that are there already.' }),
    yes: YES_FLAG,
  }

  async run(): Promise<RestoreResult> {
    const { args, flags } = await this.parse(Restore)
    const env = processEnvironment()
    const config = loadConfig(flags.config, env)
    if (flags.force && storeFiles(config.stores).length > 0) {
      await confirm({
        what: `The stores in ${config.stores.dataDir} will be set aside and ${args.folder} takes their place.`,
        yes: flags.yes,
        json: this.jsonEnabled(),
      })
    }
    const restored = await restore(
      { config, clock: clockFromEnvironment(env) },
      { folder: args.folder, replace: flags.force },
    )
    this.log(`Restored ${args.folder}, of ${restored.manifest.created_at}.`)
    if (restored.shipped > 0) this.log(`${restored.shipped} events of its spool are now in the ledger.`)
    for (const path of restored.setAside) this.log(`Set aside: ${path}`)
    this.log('→ gatez serve')
    return resultOf(restored)
  }
}

interface RestoreResult {
  readonly created_at: string
  readonly events_from_spool: number
  readonly set_aside: readonly string[]
}

function resultOf({ manifest, shipped, setAside }: Restored): RestoreResult {
  return { created_at: manifest.created_at, events_from_spool: shipped, set_aside: setAside }
}
