import type { Access } from './access.ts'
import { findMember } from './find-member.ts'
import { findTenant } from './find-tenant.ts'
import { type MemberView, viewMember } from './member-view.ts'

/** One member of a tenant, by address or id. */
export async function showMember({ store }: Access, request: ShowMemberRequest): Promise<MemberView> {
  const tenant = await findTenant(store, request.tenant)
  const member = await findMember(store, tenant, request.member)
  const links = await store.tenants.listMemberLinks(tenant.id)
  return viewMember(
    member,
    links.find((link) => link.memberId === member.id),
  )
}

export interface ShowMemberRequest {
  /** Id or external id. */
  readonly tenant: string
  /** Address or id. */
  readonly member: string
}
