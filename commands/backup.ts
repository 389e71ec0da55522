import * as Args from '@oclif/core/args'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { humanBytes } from '../src/cli/human-bytes.ts'
import { clockFromEnvironment, processEnvironment } from '../src/config/environment.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { backUp } from '../src/upkeep/back-up.ts'
import type { Manifest } from '../src/upkeep/backup-manifest.ts'

export default class Backup extends GatezCommand {
  static override summary = 'Copy all stores as they are at one moment, also while serve writes to them.'
  static override description =
    'Makes a new folder with the control store, the usage log and the spool, and a manifest with their hashes. Every call that was ' +
    'counted at that moment is in it, once. The copies are checked before the folder gets its name. Keep it where only you can read: ' +
    'it holds hashes of keys, not keys, and all that your customers did.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> backups/monday',
  ]
  static override args = {
    folder: Args.string({ description: 'Folder to make; gatez-backup-<time> if not given.' }),
  }

  async run(): Promise<Manifest & { readonly folder: string }> {
    const { args, flags } = await this.parse(Backup)
    const env = processEnvironment()
    const clock = clockFromEnvironment(env)
    const config = loadConfig(flags.config, env)
    const stamp = new Date(clock.nowMs()).toISOString().replaceAll(/[-:]|\..*/g, '')
    const folder = args.folder ?? `gatez-backup-${stamp}`
    const manifest = await backUp({ config, clock }, { folder, version: this.config.version })
    this.table(
      [{ title: 'STORE' }, { title: 'SIZE', align: 'right' }],
      manifest.files.map(({ name, bytes }) => [name, humanBytes(bytes)]),
      '',
    )
    this.log(`\nBacked up to ${folder}, as of ${manifest.created_at}.\n→ gatez restore ${folder}`)
    return { folder, ...manifest }
  }
}
