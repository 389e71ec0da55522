import * as Args from '@oclif/core/args'
import type { TenantDetails } from '../../src/access/show-tenant.ts'
import { openApp } from '../../src/app.ts'
import { customerRows } from '../../src/cli/customer-flags.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsShow extends GatezCommand {
  static override summary = 'Show a tenant, its plan and how many keys it holds.'
  static override examples = ['<%= config.bin %> <%= command.id %> acme']
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }

  async run(): Promise<TenantDetails> {
    const { args, flags } = await this.parse(TenantsShow)
    await using app = await openApp(flags.config)

    const tenant = await app.showTenant({ tenant: args.tenant })
    const plan = tenant.plan === null ? '–' : `${tenant.plan} (version ${tenant.plan_version})`
    const next = tenant.next_plan === null ? '–' : `${tenant.next_plan} at ${tenant.next_plan_at}`
    this.table(
      [{ title: 'TENANT' }, { title: tenant.id }],
      [
        ['name', tenant.name],
        ['external id', tenant.external_id ?? '–'],
        ['state', tenant.state],
        ['plan', plan],
        ['plan since', tenant.plan_since ?? '–'],
        ['next plan', next],
        ['keys', `${tenant.keys_held} of ${tenant.keys_max ?? 'any number'}`],
        ['overrides', overridesText(tenant)],
        ...customerRows(tenant.customer),
        ['created', tenant.created_at],
      ],
      '',
    )
    return tenant
  }
}

function overridesText({ overrides }: TenantDetails): string {
  if (overrides === null) return '–'
  return [
    ...Object.entries(overrides.limits).map(([id, amount]) => `${id} ${amount ?? 'unlimited'}`),
    ...Object.entries(overrides.quotas).map(([id, included]) => `${id} ${included}`),
    ...overrides.features,
    ...Object.keys(overrides.prices ?? {}).map((id) => `price of ${id}`),
    ...(overrides.keysMax === undefined ? [] : [`keys ${overrides.keysMax ?? 'unlimited'}`]),
    ...(overrides.spendCap === undefined ? [] : [`spend-cap ${overrides.spendCap}`]),
  ].join(', ')
}
