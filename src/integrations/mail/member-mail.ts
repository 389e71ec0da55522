import { randomBytes } from 'node:crypto'
import type { MailConfig } from '../../config/invoice-config.ts'
import type { Clock } from '../../lib/clock.ts'
import { sha256Hex } from '../../model/key.ts'
import type { MemberLink } from '../../model/tenant.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import type { OutboxMessage } from '../../storage/ports/outbox.ts'
import { isFinal, type Mail, type Mailer } from './mail.ts'
import { MEMBER_MAIL_KINDS } from './member-mail-kinds.ts'
import { openMailer } from './send-mail.ts'

const AT_ONCE = 100
const TOKEN_BYTES = 32

/**
 * Sends the links that wait for members: invitations, and ways back for who forgot a password.
 *
 * The store knows a link by its hash only, so each mail has one of its own, which holds as long as the one it stands
 * for and is void with it. Nothing is sent of a link that was opened, replaced or is too old. Throws what is wrong
 * with the mail server; what is to be sent waits. After a crash a mail may go twice: the later one opens.
 */
export async function sendMemberMail({ store, clock, rules }: MemberMailParts): Promise<number> {
  const mailer = openMailer(rules.mail)
  let sent = 0
  for (const message of await store.outbox.pending(AT_ONCE, MEMBER_MAIL_KINDS)) {
    const link = await linkOf(store, message, clock.nowMs())
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const isSent = link !== undefined && (await isTaken(mailer, mailOf(message, token, rules)))
    await store.transaction(async (tables) => {
      if (isSent) await tables.tenants.addMemberLink({ ...link, hash: sha256Hex(token) })
      await tables.outbox.markSent(message.id, clock.nowMs())
    })
    sent += isSent ? 1 : 0
  }
  return sent
}

export interface MemberMailParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly rules: MemberMailRules
}

export interface MemberMailRules {
  readonly mail: MailConfig
  /** Where members reach the portal, without a slash at its end. */
  readonly portalUrl: string
  /** The name the portal goes by. */
  readonly name: string
}

/** Whether the server took it; false when it never will. */
async function isTaken(mailer: Mailer, mail: Mail): Promise<boolean> {
  try {
    await mailer.send(mail)
    return true
  } catch (error) {
    if (isFinal(error)) return false
    throw error
  }
}

/** The link that a message was written about, if it still opens. */
async function linkOf(
  { tenants }: ControlStore,
  { body }: OutboxMessage,
  nowMs: number,
): Promise<MemberLink | undefined> {
  const links = await tenants.listMemberLinks(String(body.tenant_id))
  return links.find(({ hash, expiresAtMs }) => hash === body.link_hash && expiresAtMs > nowMs)
}

function mailOf({ id, kind, body, createdAtMs }: OutboxMessage, token: string, rules: MemberMailRules): Mail {
  const { name, portalUrl } = rules
  const isReset = kind === 'member.reset'
  const until = String(body.expires_at).slice(0, 10)
  const says = isReset
    ? `With this link you set another password for ${name}:`
    : `You can sign in to ${name}. This link lets you in and sets your password:`
  const otherwise = isReset
    ? 'If you did not ask for it, there is nothing to do: your password stays as it is.'
    : 'If you expected no invitation, there is nothing to do.'
  return {
    ...{ id, atMs: createdAtMs, from: rules.mail.from, to: [String(body.email)] },
    subject: isReset ? `Set another password for ${name}` : `Your invitation to ${name}`,
    // The token stands behind the #: browsers keep that to themselves.
    text: [says, `${portalUrl}/portal/link#${token}`, `It opens once, until ${until}.`, otherwise, ''].join(
      '\n\n',
    ),
    html: null,
    attachments: [],
  }
}
