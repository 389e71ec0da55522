import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TenantsList extends GatezCommand {
  static override summary = 'List the tenants, oldest first.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<readonly TenantView[]> {
    const { flags } = await this.parse(TenantsList)
    await using app = await openApp(flags.config)

    const tenants = await app.listTenants()
    this.table(
      [{ title: 'TENANT' }, { title: 'NAME' }, { title: 'STATE' }, { title: 'PLAN' }, { title: 'SINCE' }],
      tenants.map((tenant) => [
        tenant.id,
        tenant.name,
        tenant.state,
        tenant.plan ?? '–',
        tenant.created_at.slice(0, 10),
      ]),
      'No tenants yet. gatez tenants create ID --plan PLAN makes one.',
    )
    return tenants
  }
}
