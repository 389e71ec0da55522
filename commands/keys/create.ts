import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { RevealedKeyView } from '../../src/access/key-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysCreate extends GatezCommand {
  static override summary = 'Create a key for a tenant, without a request; its secret is shown this once.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> acme --name ci --test --expires 30d',
    '<%= config.bin %> <%= command.id %> acme --routes search,lookup --ip 10.0.0.0/8,2001:db8::/32',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    name: Flags.string({ description: 'What it is for; "default" if not given.' }),
    test: Flags.boolean({ description: 'Make a test key: limited and logged, never billed.' }),
    expires: Flags.string({
      description: 'When it ends: 30d, 12h, or 2027-01-01T00:00Z. Never if not given.',
    }),
    routes: Flags.string({
      description: 'Ids of the only routes it may call, with commas between; all of the plan if not given.',
    }),
    ip: Flags.string({
      description: 'The only addresses or CIDR blocks it may call from, with commas between.',
    }),
  }

  async run(): Promise<RevealedKeyView> {
    const { args, flags } = await this.parse(KeysCreate)
    await using app = await openApp(flags.config)

    const key = await app.createKey({
      tenant: args.tenant,
      mode: flags.test ? 'test' : 'live',
      name: flags.name,
      expires: flags.expires,
      scope: { routes: flags.routes, ips: flags.ip },
    })
    this.log(
      `Created key ${key.id} of tenant ${key.tenant_id}. The secret is shown this once:\n\n${key.secret}`,
    )
    return key
  }
}
