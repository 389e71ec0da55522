import type { InvitedMemberView } from '../access/member-link.ts'

/** What is said of a link that was just made: where it leads, until when, and that nobody mails it yet. */
export function memberLinkText(member: InvitedMemberView): string {
  return [
    `The token of its link is shown this once, and holds until ${member.link_expires_at}:`,
    '',
    member.token,
    '',
    'It goes behind /portal/link# on the address of the portal.',
    `A mail with a link of its own goes to ${member.email} while gatez serve runs (gatez mail list).`,
  ].join('\n')
}
