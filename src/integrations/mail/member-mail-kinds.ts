/** The kinds of messages that become mail with a link for a member. */
export const MEMBER_MAIL_KINDS: readonly string[] = ['member.invited', 'member.reset']
