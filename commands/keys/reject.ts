import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { KeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { oneOrAll } from '../../src/cli/one-or-all.ts'

export default class KeysReject extends GatezCommand {
  static override summary = 'Turn key requests down: all of those named, or none.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b --reason "use the key you have"',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b key_7q1r3t5w7x9z2b2f6k8m',
  ]
  static override args = {
    key: Args.string({ description: 'Ids of the requests.', required: true, multiple: true }),
  }
  static override flags = {
    reason: Flags.string({ description: 'Why, for the tenant to read.' }),
  }

  async run(): Promise<KeyView | readonly KeyView[]> {
    const { args, flags } = await this.parse(KeysReject)
    await using app = await openApp(flags.config)

    const keys = await app.rejectKeys({ keyIds: args.key, reason: flags.reason })
    for (const key of keys) this.log(`Rejected the request ${key.id} of tenant ${key.tenant_id}.`)
    return oneOrAll(keys)
  }
}
