import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TenantView } from '../../src/access/tenant-view.ts'
import { openApp } from '../../src/app.ts'
import { confirm } from '../../src/cli/confirm.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { YES_FLAG } from '../../src/cli/yes-flag.ts'

export default class TenantsDelete extends GatezCommand {
  static override summary = 'Delete a tenant for good; its numbers stay, its id is never used again.'
  static override description =
    'Refused while the tenant has keys or a plan, with all of them named; --force ends them with it. Asks for the ' +
    'id first; a script says --yes. To stop a tenant for a while, suspend it instead.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> acme --force --yes',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    force: Flags.boolean({ description: 'Also end its keys and its subscription.' }),
    yes: YES_FLAG,
  }

  async run(): Promise<TenantView> {
    const { args, flags } = await this.parse(TenantsDelete)
    await using app = await openApp(flags.config)

    const { id, blockers } = await app.tenantBlockers({ tenant: args.tenant })
    // What would be refused anyway needs no question.
    if (flags.force || blockers.length === 0) {
      const ends = blockers.length === 0 ? '' : `, and with it end ${blockers.join(' and ')}`
      await confirm({
        what: `Tenant ${id} will be deleted for good${ends}.`,
        typed: id,
        yes: flags.yes,
        json: this.jsonEnabled(),
      })
    }
    const tenant = await app.deleteTenant({ tenant: id, force: flags.force })
    this.log(`Tenant ${tenant.id} is deleted. Its usage stays in reports; its id is never used again.`)
    return tenant
  }
}
