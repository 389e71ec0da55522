import * as Flags from '@oclif/core/flags'
import type { AppliedPlans } from '../src/access/apply-plans.ts'
import { openApp } from '../src/app.ts'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { changeRow } from '../src/cli/plan-rows.ts'

export default class Apply extends GatezCommand {
  static override summary = 'Put the plans of the file in force: a new version for each that changed.'
  static override description =
    'Limits, routes, features and keys hold for all subscribers within a second; prices for new ones only. ' +
    'All plans are applied or none. A plan with subscribers cannot leave the file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --migrate-subscribers',
  ]
  static override flags = {
    'migrate-subscribers': Flags.boolean({
      description: 'Give those who have older prices the newest ones of their plan, from now on.',
    }),
    'dry-run': Flags.boolean({
      description: 'Only show what would change; exit code 6 if it would be refused.',
    }),
  }

  async run(): Promise<AppliedPlans> {
    const { flags } = await this.parse(Apply)
    await using app = await openApp(flags.config)

    const dryRun = flags['dry-run']
    const migrate = flags['migrate-subscribers']
    const applied = await app.applyPlans({ mode: 'explicit', dryRun, migrate })
    this.table(
      [
        { title: 'PLAN' },
        { title: 'FROM', align: 'right' },
        { title: 'TO', align: 'right' },
        { title: 'CHANGE' },
      ],
      applied.plans.map(changeRow),
      'The file has no plans.',
    )
    for (const { tenant, plan, from_version, to_version } of applied.migrated) {
      this.log(`Prices of ${plan} for ${tenant}: version ${from_version} → ${to_version}.`)
    }
    if (!migrate && applied.plans.some(({ fields }) => fields.includes('charges'))) {
      this.log(
        '\nPrices changed: they hold for new subscribers only. --migrate-subscribers moves the others.',
      )
    }
    if (!applied.changed) this.log('\nNothing changes: the file and the plans in force are the same.')
    else
      this.log(
        dryRun
          ? '\nNothing was written (--dry-run).'
          : '\nApplied; a running gatez serve follows within a second.',
      )
    return applied
  }
}
