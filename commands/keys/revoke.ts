import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { KeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { confirm } from '../../src/cli/confirm.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { oneOrAll } from '../../src/cli/one-or-all.ts'
import { YES_FLAG } from '../../src/cli/yes-flag.ts'

export default class KeysRevoke extends GatezCommand {
  static override summary = 'End keys for good: all of those named, or none.'
  static override description =
    'Within a second every call with them is refused; there is no way back. Asks first at a terminal.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b --reason leaked',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b key_7q1r3t5w7x9z2b2f6k8m',
  ]
  static override args = {
    key: Args.string({ description: 'Ids of the keys.', required: true, multiple: true }),
  }
  static override flags = {
    reason: Flags.string({ description: 'Why, for the tenant to read.' }),
    yes: YES_FLAG,
  }

  async run(): Promise<KeyView | readonly KeyView[]> {
    const { args, flags } = await this.parse(KeysRevoke)
    await using app = await openApp(flags.config)

    await confirm({
      what: `${args.key.join(', ')} will be refused for good, within a second.`,
      yes: flags.yes,
      json: this.jsonEnabled(),
      // A script that names the ids of keys has decided, and a leaked key cannot wait for a flag.
      unattended: 'go-on',
    })
    const keys = await app.revokeKeys({ keyIds: args.key, reason: flags.reason })
    for (const key of keys) this.log(`Revoked key ${key.id} of tenant ${key.tenant_id}.`)
    return oneOrAll(keys)
  }
}
