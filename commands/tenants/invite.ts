import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { InvitedMemberView } from '../../src/access/member-link.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { memberLinkText } from '../../src/cli/member-link-text.ts'
import { MEMBER_ROLES } from '../../src/model/tenant.ts'

export default class TenantsInvite extends GatezCommand {
  static override summary = 'Make a person a member of a tenant; the link that lets it in is shown this once.'
  static override description =
    'A member signs in to the developer portal of its tenant. The link holds for seven days and opens once; only ' +
    'the hash of its token is kept. A mail with a link of its own goes out while gatez serve runs; you can also ' +
    'hand the link over yourself. gatez members reset makes a new one.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme ann@example.com',
    '<%= config.bin %> <%= command.id %> acme ann@example.com --role admin',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
    email: Args.string({ description: 'Address of the person.', required: true }),
  }
  static override flags = {
    role: Flags.string({
      description: 'What the person may do.',
      options: [...MEMBER_ROLES],
      default: 'developer',
    }),
  }

  async run(): Promise<InvitedMemberView> {
    const { args, flags } = await this.parse(TenantsInvite)
    await using app = await openApp(flags.config)

    const member = await app.inviteMember({ tenant: args.tenant, email: args.email, role: flags.role })
    this.log(`Invited ${member.email} to tenant ${member.tenant_id} as ${member.role}.`)
    this.log(memberLinkText(member))
    return member
  }
}
