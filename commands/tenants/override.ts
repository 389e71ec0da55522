import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantOverrides } from '../../src/access/override-tenant.ts'
import { openApp } from '../../src/app.ts'
import { CUSTOMER_FLAGS, customerOfFlags, customerRows } from '../../src/cli/customer-flags.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsOverride extends GatezCommand {
  static override summary = 'Give one tenant other limits, quotas, features or prices than its plan.'
  static override description =
    'An override takes the place of one number of the plan, under the same id, so what was counted still counts; ' +
    'gatez plans show lists the ids. It stays until it is unset, also when the plan changes. Without flags it ' +
    'shows what holds. A running gatez serve follows within a second. What invoices say of the customer holds for ' +
    'those to come.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme --limit tenant-day=5000',
    '<%= config.bin %> <%= command.id %> acme --quota calls-month=100000 --feature ai',
    '<%= config.bin %> <%= command.id %> acme --keys 20',
    '<%= config.bin %> <%= command.id %> acme --tax-exempt "Reverse charge"',
    '<%= config.bin %> <%= command.id %> acme --unset tenant-day',
    '<%= config.bin %> <%= command.id %> acme',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    limit: Flags.string({
      description: 'Id of a limit and its amount, or unlimited.',
      helpValue: 'ID=AMOUNT',
      multiple: true,
    }),
    quota: Flags.string({
      description: 'Id of a quota and what it includes.',
      helpValue: 'ID=AMOUNT',
      multiple: true,
    }),
    feature: Flags.string({
      description: 'A feature the tenant has whatever its plan says.',
      helpValue: 'ID',
      multiple: true,
    }),
    price: Flags.string({
      description: 'Id of a charge and its price for this tenant, as in the file.',
      helpValue: 'ID=PRICE',
      multiple: true,
    }),
    keys: Flags.string({
      description: 'How many keys the tenant may hold, or unlimited.',
      helpValue: 'NUMBER',
    }),
    'spend-cap': Flags.string({
      description: 'What a billing period may cost before tax; then calls answer 402.',
      helpValue: 'AMOUNT',
    }),
    ...CUSTOMER_FLAGS,
    unset: Flags.string({
      description:
        'An id whose override is taken back, or all; also keys, spend-cap, address, tax-id, tax-exempt.',
      helpValue: 'ID',
      multiple: true,
    }),
  }

  async run(): Promise<TenantOverrides> {
    const { args, flags } = await this.parse(TenantsOverride)
    await using app = await openApp(flags.config)

    const overrides = await app.overrideTenant({
      tenant: args.tenant,
      limits: flags.limit,
      quotas: flags.quota,
      features: flags.feature,
      prices: flags.price,
      keys: flags.keys,
      spendCap: flags['spend-cap'],
      customer: customerOfFlags(flags),
      unset: flags.unset,
    })
    const rows = [
      ...Object.entries(overrides.limits).map(([id, amount]) => [
        'limit',
        id,
        amount?.toString() ?? 'unlimited',
      ]),
      ...Object.entries(overrides.quotas).map(([id, included]) => ['quota', id, included]),
      ...overrides.features.map((feature) => ['feature', feature, 'included']),
      ...Object.entries(overrides.prices ?? {}).map(([id, price]) => ['price', id, JSON.stringify(price)]),
      ...(overrides.keys_max === undefined
        ? []
        : [['keys', '', overrides.keys_max?.toString() ?? 'unlimited']]),
      ...(overrides.spend_cap === undefined ? [] : [['spend-cap', '', overrides.spend_cap]]),
      ...customerRows(overrides.customer).map(([name, text]) => ['invoices', name, text]),
    ]
    this.table(
      [{ title: 'OVERRIDES' }, { title: 'ID' }, { title: 'AMOUNT', align: 'right' }],
      rows,
      `Tenant ${overrides.tenant_id} has what its plan says (${overrides.plan ?? 'none'}), nothing else.`,
    )
    return overrides
  }
}
