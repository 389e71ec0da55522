import type { Access } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { type MemberView, viewMember } from './member-view.ts'

/** The members of a tenant, oldest first, with until when their links let them in. */
export async function listMembers(
  { store, clock }: Access,
  request: { readonly tenant: string },
): Promise<readonly MemberView[]> {
  const nowMs = clock.nowMs()
  const tenant = await findTenant(store, request.tenant)
  const links = await store.tenants.listMemberLinks(tenant.id)
  const open = new Map(links.filter((link) => link.expiresAtMs > nowMs).map((link) => [link.memberId, link]))
  const members = await store.tenants.listMembers(tenant.id)
  return members.map((member) => viewMember(member, open.get(member.id)))
}
