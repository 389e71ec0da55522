import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { KeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysList extends GatezCommand {
  static override summary = 'List keys and key requests, newest first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> --status pending',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant; all if not given.' }),
  }
  static override flags = {
    status: Flags.string({
      description: 'Only: requested (or pending), approved, active, expired, rejected, revoked.',
    }),
  }

  async run(): Promise<readonly KeyView[]> {
    const { args, flags } = await this.parse(KeysList)
    await using app = await openApp(flags.config)

    const keys = await app.listKeys({ tenant: args.tenant, status: flags.status })
    this.table(
      [
        { title: 'KEY', whole: true },
        { title: 'TENANT' },
        { title: 'NAME' },
        { title: 'STATE', whole: true },
        { title: 'SECRET', whole: true },
      ],
      keys.map((key) => [key.id, key.tenant_id, key.name, key.state, key.masked ?? '–']),
      'No such keys. gatez keys create TENANT makes one.',
    )
    return keys
  }
}
