import * as Args from '@oclif/core/args'
import type { KeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysRequests extends GatezCommand {
  static override summary = 'List the key requests that wait for a decision, oldest first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> acme',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant; all if not given.' }),
  }

  async run(): Promise<readonly KeyView[]> {
    const { args, flags } = await this.parse(KeysRequests)
    await using app = await openApp(flags.config)

    const requests = (await app.listKeys({ tenant: args.tenant, status: 'requested' })).toReversed()
    this.table(
      [
        { title: 'KEY', whole: true },
        { title: 'TENANT' },
        { title: 'NAME' },
        { title: 'REASON' },
        { title: 'ASKED', whole: true },
      ],
      requests.map((key) => [
        key.id,
        key.tenant_id,
        key.name,
        key.reason ?? '–',
        key.created_at.slice(0, 10),
      ]),
      'No key request waits.',
    )
    return requests
  }
}
