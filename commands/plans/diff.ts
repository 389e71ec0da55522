import * as Args from '@oclif/core/args'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'
import { processEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { openEvidence, type PlansDiff } from '../../src/evidence.ts'

export default class PlansDiffCommand extends GatezCommand {
  static override summary = 'Show what the file would change in the plans, and whom it would touch.'
  static override description =
    'Compares the plans of a file with those in force, fact by fact. Names the tenants on each plan that changes, those who hold more ' +
    'keys than it would allow, and those whose next call would be refused today, by what they have used so far. Changes nothing. ' +
    'Exit code 0 when nothing differs, 1 when something does, as diff has it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> next.yaml',
  ]
  static override args = {
    file: Args.string({ description: 'Another configuration file; the one of --config if not given.' }),
  }

  async run(): Promise<PlansDiff> {
    const { args, flags } = await this.parse(PlansDiffCommand)
    const { plans } = loadConfig(args.file ?? flags.config, processEnvironment())
    await using evidence = await openEvidence(flags.config)
    const diff = await evidence.diffPlans(plans)
    this.#print(diff)
    if (diff.changed) process.exitCode = 1
    return diff
  }

  #print({ changed, plans, blocked_now }: PlansDiff): void {
    for (const { plan, change, facts, tenants, over_keys } of plans) {
      if (change === 'unchanged') continue
      const touched =
        tenants.length === 0 ? 'no tenants' : `${plural(tenants.length, 'tenant')}: ${some(tenants)}`
      this.log(`${plan} is ${change === 'changed' ? 'changed' : change} (${touched})`)
      for (const { field, before, after } of facts) {
        this.log(`  ${field}`)
        if (before !== null) this.log(`    - ${before}`)
        if (after !== null) this.log(`    + ${after}`)
      }
      if (over_keys.length > 0) this.log(`  more keys than allowed, and none new: ${some(over_keys)}`)
    }
    for (const { tenant, by } of blocked_now) {
      this.log(`${tenant} would be refused now by ${by.join(', ')}: it has used as much already.`)
    }
    if (!changed) this.log('Nothing differs: the file and the plans in force are the same.')
    else this.log('\n→ gatez apply puts it in force.')
  }
}

function some(ids: readonly string[]): string {
  return `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`
}
