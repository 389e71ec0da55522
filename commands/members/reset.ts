import * as Args from '@oclif/core/args'
import type { InvitedMemberView } from '../../src/access/member-link.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { memberLinkText } from '../../src/cli/member-link-text.ts'

export default class MembersReset extends GatezCommand {
  static override summary = 'Give a member a new link, shown this once; the one before no longer opens.'
  static override description =
    'For a member who lost the invitation or cannot sign in. The link holds for seven days and opens once.'
  static override examples = ['<%= config.bin %> <%= command.id %> acme ann@example.com']
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
    member: Args.string({ description: 'Address or id of the member.', required: true }),
  }

  async run(): Promise<InvitedMemberView> {
    const { args, flags } = await this.parse(MembersReset)
    await using app = await openApp(flags.config)

    const member = await app.resetMember({ tenant: args.tenant, member: args.member })
    this.log(`${member.email} of tenant ${member.tenant_id} has a new link.`)
    this.log(memberLinkText(member))
    return member
  }
}
