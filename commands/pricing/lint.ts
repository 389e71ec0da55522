import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'
import { processEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { type Finding, LINT_RULES } from '../../src/pricing/lint/finding.ts'
import { lintPlan } from '../../src/pricing/lint/lint-plan.ts'

export default class PricingLint extends GatezCommand {
  static override summary = 'Look for prices that can hardly be meant, as where more costs less.'
  static override description =
    'cliff: more costs less. gap: usage that no price covers, or a quota and a price that disagree on where billing begins. overlap: ' +
    'billed or free twice. unreachable: a tier that no limit, quota or maximum lets anyone reach. rise: a unit costs more than those ' +
    'before it. Reads the file only. Exit code 0 when nothing is found, 1 when something is.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> next.yaml --allow cliff --allow rise',
  ]
  static override args = {
    file: Args.string({ description: 'Another configuration file; the one of --config if not given.' }),
  }
  static override flags = {
    allow: Flags.option({
      description: 'A rule that may be broken: it is told, and the exit code stays 0.',
      options: LINT_RULES,
      helpValue: 'RULE',
      multiple: true,
    })(),
  }

  async run(): Promise<LintReport> {
    const { args, flags } = await this.parse(PricingLint)
    const { plans, meters, billing } = loadConfig(args.file ?? flags.config, processEnvironment())
    const place = { period: billing.period, decimalMeters: new Set(meters.map(({ id }) => id)) }
    const findings = plans
      .flatMap((plan) => lintPlan(plan, place))
      .map((finding) => ({ ...finding, allowed: flags.allow?.includes(finding.rule) === true }))

    for (const { plan, charge, rule, message, allowed } of findings) {
      this.log(
        `${plan}${charge === '' ? '' : `.${charge}`} ${rule}${allowed ? ' (allowed)' : ''}: ${message}.`,
      )
    }
    if (findings.length === 0) this.log(`Nothing found in ${plural(plans.length, 'plan')}.`)
    const isClean = findings.every(({ allowed }) => allowed)
    if (!isClean) process.exitCode = 1
    return { clean: isClean, findings }
  }
}

interface LintReport {
  /** Whether all that was found is allowed. */
  readonly clean: boolean
  readonly findings: readonly (Finding & { readonly allowed: boolean })[]
}
