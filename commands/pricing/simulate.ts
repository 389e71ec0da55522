import * as Flags from '@oclif/core/flags'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'
import { refuseOtherCurrency } from '../../src/config/billing-terms.ts'
import { processEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Simulation } from '../../src/metering/simulate-prices.ts'

export default class PricingSimulate extends GatezCommand {
  static override summary = 'Show what a month of real usage would have cost under the plans of another file.'
  static override description =
    'Prices what the ledger has twice: by the versions that tenants are on, and by the plan of the same id in FILE, for all its ' +
    'subscribers, with the prices that tenants have of their own. Says for each tenant what changes, who pays less and who more. ' +
    'Nobody is assumed to use more or less than they did. Changes nothing.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --plans next.yaml --month 2026-03',
    '<%= config.bin %> <%= command.id %> --plans next.yaml --tenant acme --json',
  ]
  static override flags = {
    plans: Flags.string({
      description: 'Configuration file with the other plans.',
      helpValue: 'FILE',
      required: true,
    }),
    month: Flags.string({
      description: 'A calendar month, as 2026-03; the current one if not given.',
      helpValue: 'YYYY-MM',
    }),
    tenant: Flags.string({ description: 'Only this tenant: its id or external id.' }),
  }

  async run(): Promise<Simulation> {
    const { flags } = await this.parse(PricingSimulate)
    const other = loadConfig(flags.plans, processEnvironment())
    await using app = await openApp(flags.config)
    refuseOtherCurrency(app.config.billing, other.billing, flags.plans)

    const { month, tenant } = flags
    const simulation = await app.simulatePrices({ month, tenant }, other.plans)
    this.#print(simulation)
    return simulation
  }

  #print({ currency, tenants, total, winners, losers, same, missing_plans, left_out }: Simulation): void {
    const right = (title: string) => ({ title, align: 'right' as const })
    const rows = tenants.map((each) => [each.tenant_id, each.before, each.after, signed(each.change)])
    const foot = ['Total', total.before, total.after, signed(total.change)]
    this.table(
      [{ title: 'TENANT', whole: true }, right(`BEFORE, ${currency}`), right('AFTER'), right('CHANGE')],
      rows.length === 0 ? [] : [...rows, foot],
      'Nobody had a plan or used anything.',
    )
    this.log(`\n${plural(winners, 'tenant')} would pay less, ${losers} more, ${same} the same.`)
    for (const plan of missing_plans)
      this.log(`The file lacks plan ${plan}: its tenants are priced as before.`)
    for (const { tenant_id, why } of left_out) this.log(`${tenant_id} is left out: ${why}.`)
  }
}

function signed(change: string): string {
  return change.startsWith('-') || /^[0.]*$/.test(change) ? change : `+${change}`
}
