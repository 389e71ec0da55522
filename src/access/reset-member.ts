import { type Access, record, type Signed } from './access.ts'
import { findMember } from './find-member.ts'
import { findTenant } from './find-tenant.ts'
import { giveMemberLink, type InvitedMemberView } from './member-link.ts'

/** Gives a member a new link, this once; the one it had no longer opens. */
export async function resetMember(
  { store, clock }: Access,
  { actor, ...request }: ResetMemberRequest,
): Promise<InvitedMemberView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    const member = await findMember(tables, tenant, request.member)
    const subject = `tenant:${tenant.id}`
    const detail = { member_id: member.id, email: member.email }
    await record(tables, { atMs: nowMs, actor, action: 'member.reset', subject, detail })
    return giveMemberLink(tables, member, { kind: 'member.reset', nowMs })
  })
}

export interface ResetMemberRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  /** Address or id. */
  readonly member: string
}
