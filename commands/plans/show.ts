import * as Args from '@oclif/core/args'
import type { PlanView } from '../../src/access/plan-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { planLines } from '../../src/cli/plan-rows.ts'

export default class PlansShow extends GatezCommand {
  static override summary = 'Show a plan in force: what it opens, its limits, quotas and prices.'
  static override examples = ['<%= config.bin %> <%= command.id %> pro']
  static override args = {
    plan: Args.string({ description: 'Id of the plan.', required: true }),
  }

  async run(): Promise<PlanView> {
    const { args, flags } = await this.parse(PlansShow)
    await using app = await openApp(flags.config)

    const plan = await app.showPlan({ planId: args.plan })
    const lines = planLines(plan)
    const width = Math.max(22, ...lines.map(([name]) => name.length))
    for (const [name, text] of lines) this.log(`${name.padEnd(width)} ${text}`)
    return plan
  }
}
