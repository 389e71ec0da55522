import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import type { ChangePreview } from '../../src/billing/preview-change.ts'
import { changePreviewText } from '../../src/cli/change-preview-text.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { tenantPlanText } from '../../src/cli/tenant-plan-text.ts'

export default class TenantsPlan extends GatezCommand {
  static override summary = 'Move a tenant to a plan: up at once, down when its period ends.'
  static override description =
    'Which way it goes is decided by what the plans are worth in a month. Until a downgrade begins, the old limits ' +
    'hold. A change set for later is taken back by the next one; naming the present plan keeps it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme pro --preview',
    '<%= config.bin %> <%= command.id %> acme pro',
    '<%= config.bin %> <%= command.id %> acme free',
    '<%= config.bin %> <%= command.id %> acme free --at now',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
    plan: Args.string({ description: 'Id of the plan.', required: true }),
  }
  static override flags = {
    at: Flags.option({
      description: 'When the change takes place; by direction if not given.',
      options: ['now', 'period-end'] as const,
    })(),
    trial: Flags.integer({
      description: 'Days at the beginning of which nothing is billed.',
      helpValue: 'DAYS',
      min: 1,
      max: 365,
    }),
    preview: Flags.boolean({
      description: 'Show what the bills would be, and change nothing.',
    }),
  }

  async run(): Promise<TenantView | ChangePreview> {
    const { args, flags } = await this.parse(TenantsPlan)
    await using app = await openApp(flags.config)
    const request = { tenant: args.tenant, planId: args.plan, at: flags.at, trialDays: flags.trial }

    if (flags.preview) {
      const preview = await app.previewChange(request)
      this.log(changePreviewText(preview))
      this.table(
        [
          { title: 'PLAN' },
          { title: 'CHARGE' },
          { title: 'QUANTITY', align: 'right' },
          { title: 'METHOD' },
          { title: 'AMOUNT', align: 'right' },
        ],
        preview.this_period.lines.map(({ plan, charge, quantity, method, amount }) => [
          plan,
          charge,
          quantity,
          method,
          amount,
        ]),
        'No charges.',
      )
      return preview
    }
    const tenant = await app.changePlan(request)
    this.log(tenantPlanText(tenant))
    return tenant
  }
}
