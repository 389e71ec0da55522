import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { CUSTOMER_FLAGS, customerOfFlags } from '../../src/cli/customer-flags.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsCreate extends GatezCommand {
  static override summary = 'Create a tenant: a customer organisation.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme --plan free',
    '<%= config.bin %> <%= command.id %> acme --name Acme --external-id cus_8f3a2b --plan pro',
    '<%= config.bin %> <%= command.id %> acme --plan pro --trial 14',
    '<%= config.bin %> <%= command.id %> acme --address Berlin --tax-id DE811111111',
  ]
  static override args = {
    id: Args.string({ description: 'Its id for ever: 1 to 64 of a-z, 0-9, _ and -.', required: true }),
  }
  static override flags = {
    name: Flags.string({ description: 'Name to show; the id if not given.' }),
    'external-id': Flags.string({
      description: 'Id another system knows it by; accepted wherever its id is.',
    }),
    plan: Flags.string({ description: 'Plan it starts on.' }),
    trial: Flags.integer({
      description: 'Days at the beginning of which nothing is billed.',
      helpValue: 'DAYS',
      min: 1,
      max: 365,
      dependsOn: ['plan'],
    }),
    ...CUSTOMER_FLAGS,
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsCreate)
    await using app = await openApp(flags.config)

    const tenant = await app.createTenant({
      id: args.id,
      name: flags.name,
      externalId: flags['external-id'],
      planId: flags.plan,
      trialDays: flags.trial,
      customer: customerOfFlags(flags),
    })
    const plan = tenant.plan === null ? 'without a plan' : `on plan ${tenant.plan}`
    const next = tenant.plan === null ? `tenants plan ${tenant.id} PLAN` : `keys create ${tenant.id}`
    const trial = tenant.trial_until === null ? '' : ` Nothing is billed until ${tenant.trial_until}.`
    this.log(`Created tenant ${tenant.id}, ${plan}.${trial}\n→ gatez ${next}`)
    return tenant
  }
}
