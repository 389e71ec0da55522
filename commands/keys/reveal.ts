import * as Args from '@oclif/core/args'
import type { RevealedKeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { oneOrAll } from '../../src/cli/one-or-all.ts'

export default class KeysReveal extends GatezCommand {
  static override summary = 'Make the secret of an approved key and show it, this once.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b --json',
  ]
  static override args = {
    key: Args.string({ description: 'Ids of the keys.', required: true, multiple: true }),
  }

  async run(): Promise<RevealedKeyView | readonly RevealedKeyView[]> {
    const { args, flags } = await this.parse(KeysReveal)
    await using app = await openApp(flags.config)

    const keys = await app.revealKeys({ keyIds: args.key })
    for (const key of keys) {
      this.log(`Key ${key.id} of tenant ${key.tenant_id}. The secret is shown this once:\n\n${key.secret}`)
    }
    return oneOrAll(keys)
  }
}
