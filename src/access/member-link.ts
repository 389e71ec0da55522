import { randomBytes } from 'node:crypto'
import { prefixedId } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { sha256Hex } from '../model/key.ts'
import type { Member } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type MemberView, viewMember } from './member-view.ts'

/**
 * Gives a member a link that lets it in once, within seven days; every link it had before is void.
 *
 * The token is in the answer and nowhere else: what is kept is its SHA-256, also in the message that is
 * put into the outbox, so whoever sends the mail makes a link of its own.
 */
export async function giveMemberLink(
  tables: ControlTables,
  member: Member,
  { kind, nowMs }: { readonly kind: 'member.invited' | 'member.reset'; readonly nowMs: number },
): Promise<InvitedMemberView> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const hash = sha256Hex(token)
  const expiresAtMs = nowMs + LINK_MS
  const link = { hash, memberId: member.id, createdAtMs: nowMs, expiresAtMs }
  await tables.tenants.replaceMemberLink(link)
  const messageId = prefixedId('msg')
  await tables.outbox.insert({
    id: messageId,
    kind,
    body: {
      member_id: member.id,
      tenant_id: member.tenantId,
      email: member.email,
      role: member.role,
      link_hash: hash,
      expires_at: isoTime(expiresAtMs),
    },
    createdAtMs: nowMs,
  })
  return { ...viewMember(member, link), token, message_id: messageId }
}

/** A member together with the token of its link, which is shown this once. */
export interface InvitedMemberView extends MemberView {
  readonly token: string
  /** The message in the outbox. */
  readonly message_id: string
}

const TOKEN_BYTES = 32
const LINK_MS = 7 * 86_400_000
