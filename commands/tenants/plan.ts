import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsPlan extends GatezCommand {
  static override summary = 'Move a tenant to a plan, now or when its billing period ends.'
  static override description =
    'A change set for later is taken back by the next one; naming the present plan keeps it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme pro',
    '<%= config.bin %> <%= command.id %> acme free --at period-end',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
    plan: Args.string({ description: 'Id of the plan.', required: true }),
  }
  static override flags = {
    at: Flags.option({
      description: 'When the change takes place.',
      options: ['now', 'period-end'] as const,
      default: 'now',
    })(),
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsPlan)
    await using app = await openApp(flags.config)

    const tenant = await app.changePlan({ tenant: args.tenant, planId: args.plan, at: flags.at })
    const until = tenant.next_plan === null ? '' : ` until ${tenant.next_plan_at}, then ${tenant.next_plan}`
    this.log(`Tenant ${tenant.id} is on plan ${tenant.plan}${until}.`)
    return tenant
  }
}
