import type { Overrides } from '../../model/overrides.ts'
import type { Customer, Member, MemberLink, Tenant, TenantState } from '../../model/tenant.ts'

export interface TenantStore {
  /** False when the id or the external id was ever taken, also by a deleted tenant. */
  insert(tenant: Tenant): Promise<boolean>
  /** By id or external id; deleted tenants included. */
  find(idOrExternalId: string): Promise<Tenant | undefined>
  /** Oldest first; without the deleted. */
  list(): Promise<readonly Tenant[]>
  setState(id: string, state: TenantState): Promise<void>
  /** What its invoices to come say of it; undefined = nothing. */
  setCustomer(id: string, customer: Customer | undefined): Promise<void>
  /** From `fromMs` on; what held before is kept for what was used before. */
  setOverrides(id: string, overrides: Overrides | null, fromMs: number): Promise<void>
  /** Whether any tenant may spend so much only, or has done so. */
  hasSpendCaps(): Promise<boolean>
  /** The ids of tenants that ever had something beside their plan. */
  overridden(): Promise<ReadonlySet<string>>
  /** What a tenant had beside its plan at a moment; null when nothing, or no such tenant. */
  overridesAt(id: string, atMs: number): Promise<Overrides | null>
  /**
   * Holds back every other transaction that locks this tenant until ours ends.
   *
   * What is counted after it (keys, subscriptions) cannot change under us.
   */
  lock(id: string): Promise<void>
  insertMember(member: Member): Promise<boolean>
  listMembers(tenantId: string): Promise<readonly Member[]>
  /** Links, password and sessions go with it. False when there is no such member. */
  removeMember(id: string): Promise<boolean>
  /** The one link a member can come in with; what was there before no longer opens. */
  replaceMemberLink(link: MemberLink): Promise<void>
  /** One more link for a member: those it has open as well. */
  addMemberLink(link: MemberLink): Promise<void>
  listMemberLinks(tenantId: string): Promise<readonly MemberLink[]>
}
