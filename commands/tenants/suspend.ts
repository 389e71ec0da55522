import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsSuspend extends GatezCommand {
  static override summary = 'Stop all calls of a tenant; its keys stay.'
  static override examples = ['<%= config.bin %> <%= command.id %> acme --reason "unpaid since March"']
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    reason: Flags.string({ description: 'Why; kept in the audit log.' }),
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsSuspend)
    await using app = await openApp(flags.config)

    const tenant = await app.suspendTenant({ tenant: args.tenant, reason: flags.reason })
    this.log(`Tenant ${tenant.id} is suspended: its calls are refused, its keys stay.`)
    this.log(`→ gatez tenants resume ${tenant.id}`)
    return tenant
  }
}
