import type { InvitedMemberView } from '../access/member-link.ts'

/** What is said of a link that was just made: where it leads, until when, and that nobody mails it yet. */
export function memberLinkText(member: InvitedMemberView): string {
  return [
    `The token of its link is shown this once, and holds until ${member.link_expires_at}:`,
    '',
    member.token,
    '',
    `No mail is sent yet: message ${member.message_id} waits in the outbox.`,
  ].join('\n')
}
