import { type Access, record, type Signed } from './access.ts'
import { findMember } from './find-member.ts'
import { findTenant } from './find-tenant.ts'
import { keepAdmin } from './keep-admin.ts'
import { type MemberView, viewMember } from './member-view.ts'

/** Takes a member out of its tenant, with every link it has. The keys of the tenant stay. */
export async function removeMember(
  { store, clock }: Access,
  { actor, ...request }: RemoveMemberRequest,
): Promise<MemberView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    const member = await findMember(tables, tenant, request.member)
    if (request.keepsAdmin) await keepAdmin(tables, tenant.id, member.id)
    await tables.tenants.removeMember(member.id)
    const subject = `tenant:${tenant.id}`
    const detail = { member_id: member.id, email: member.email }
    await record(tables, { atMs: nowMs, actor, action: 'member.removed', subject, detail })
    return viewMember(member, undefined)
  })
}

export interface RemoveMemberRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  /** Address or id. */
  readonly member: string
  /** Throws `wrong-state` for the last admin, as where members ask; operators may take out anybody. */
  readonly keepsAdmin?: true | undefined
}
