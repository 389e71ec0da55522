import * as Args from '@oclif/core/args'
import type { MemberView } from '../../src/access/member-view.ts'
import { openApp } from '../../src/app.ts'
import { confirm } from '../../src/cli/confirm.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { YES_FLAG } from '../../src/cli/yes-flag.ts'

export default class MembersRemove extends GatezCommand {
  static override summary = 'Take a person out of a tenant, with its links; the keys of the tenant stay.'
  static override description = 'Asks first; a script says --yes. The same address can be invited again.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme ann@example.com',
    '<%= config.bin %> <%= command.id %> acme ann@example.com --yes',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
    member: Args.string({ description: 'Address or id of the member.', required: true }),
  }
  static override flags = { yes: YES_FLAG }

  async run(): Promise<MemberView> {
    const { args, flags } = await this.parse(MembersRemove)
    await using app = await openApp(flags.config)

    const found = await app.showMember({ tenant: args.tenant, member: args.member })
    await confirm({
      what: `${found.email} will no longer be a member of tenant ${found.tenant_id}.`,
      yes: flags.yes,
      json: this.jsonEnabled(),
    })
    const member = await app.removeMember({ tenant: found.tenant_id, member: found.id })
    this.log(`${member.email} is no longer a member of tenant ${member.tenant_id}.`)
    return member
  }
}
