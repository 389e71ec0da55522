import * as Args from '@oclif/core/args'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsResume extends GatezCommand {
  static override summary = 'Let a suspended tenant call again.'
  static override examples = ['<%= config.bin %> <%= command.id %> acme']
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsResume)
    await using app = await openApp(flags.config)

    const tenant = await app.resumeTenant({ tenant: args.tenant })
    this.log(`Tenant ${tenant.id} is active: its keys work again.`)
    return tenant
  }
}
