import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { tenantPlanText } from '../../src/cli/tenant-plan-text.ts'

export default class TenantsCancel extends GatezCommand {
  static override summary = 'End the plan of a tenant when its period or trial ends.'
  static override description =
    'From then on its calls answer 403. Its keys stay; naming a plan again with gatez tenants plan takes the end ' +
    'back, or begins anew.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> acme --at now',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    at: Flags.option({
      description: 'When the plan ends.',
      options: ['now', 'period-end'] as const,
      default: 'period-end',
    })(),
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsCancel)
    await using app = await openApp(flags.config)

    const tenant = await app.cancelPlan({ tenant: args.tenant, at: flags.at })
    this.log(tenantPlanText(tenant))
    return tenant
  }
}
