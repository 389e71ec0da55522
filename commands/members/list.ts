import * as Args from '@oclif/core/args'
import type { MemberView } from '../../src/access/member-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class MembersList extends GatezCommand {
  static override summary = 'List the members of a tenant, oldest first.'
  static override description =
    'Members are the persons of a tenant who sign in to its developer portal. LINK UNTIL says how long an unused ' +
    'invitation or reset still lets a member in.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme',
    '<%= config.bin %> <%= command.id %> acme --json',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }

  async run(): Promise<readonly MemberView[]> {
    const { args, flags } = await this.parse(MembersList)
    await using app = await openApp(flags.config)

    const members = await app.listMembers({ tenant: args.tenant })
    this.table(
      [
        { title: 'EMAIL' },
        { title: 'ROLE', whole: true },
        { title: 'SINCE', whole: true },
        { title: 'LINK UNTIL', whole: true },
      ],
      members.map((member) => [
        member.email,
        member.role,
        member.created_at.slice(0, 10),
        member.link_expires_at?.slice(0, 10) ?? '–',
      ]),
      `No members. gatez tenants invite ${args.tenant} EMAIL adds one.`,
    )
    return members
  }
}
