import type { PlanView } from '../../src/access/plan-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { planRow } from '../../src/cli/plan-rows.ts'

export default class PlansList extends GatezCommand {
  static override summary = 'List the plans in force.'
  static override description = 'They may differ from the file: gatez apply --dry-run shows how.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<readonly PlanView[]> {
    const { flags } = await this.parse(PlansList)
    await using app = await openApp(flags.config)

    const plans = await app.listPlans()
    this.table(
      [
        { title: 'PLAN' },
        { title: 'NAME' },
        { title: 'VERSION', align: 'right' },
        { title: 'ROUTES', align: 'right' },
        { title: 'KEYS', align: 'right' },
        { title: 'LIMITS' },
        { title: 'TENANTS', align: 'right' },
      ],
      plans.map(planRow),
      'No plans in force yet. gatez apply brings in those of the file.',
    )
    return plans
  }
}
