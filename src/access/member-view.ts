import { isoTime, isoTimeOrNull } from '../lib/iso-time.ts'
import type { Member, MemberLink, MemberRole } from '../model/tenant.ts'

/** A member as scripts and other programs read it. Never holds a token. */
export interface MemberView {
  readonly id: string
  readonly tenant_id: string
  readonly email: string
  readonly role: MemberRole
  readonly created_at: string
  /** Until when its open link lets it in; null when it has none. */
  readonly link_expires_at: string | null
}

/** Shows a member with its open link, if it has one. */
export function viewMember(member: Member, link: MemberLink | undefined): MemberView {
  return {
    id: member.id,
    tenant_id: member.tenantId,
    email: member.email,
    role: member.role,
    created_at: isoTime(member.createdAtMs),
    link_expires_at: isoTimeOrNull(link?.expiresAtMs ?? null),
  }
}
