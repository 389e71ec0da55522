import * as Args from '@oclif/core/args'
import type { KeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { oneOrAll } from '../../src/cli/one-or-all.ts'

export default class KeysApprove extends GatezCommand {
  static override summary = 'Grant key requests: all of those named, or none.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b key_7q1r3t5w7x9z2b2f6k8m',
  ]
  static override args = {
    key: Args.string({ description: 'Ids of the requests.', required: true, multiple: true }),
  }

  async run(): Promise<KeyView | readonly KeyView[]> {
    const { args, flags } = await this.parse(KeysApprove)
    await using app = await openApp(flags.config)

    const keys = await app.approveKeys({ keyIds: args.key })
    for (const key of keys) {
      this.log(`Approved key ${key.id} of tenant ${key.tenant_id}.\n→ gatez keys reveal ${key.id}`)
    }
    return oneOrAll(keys)
  }
}
