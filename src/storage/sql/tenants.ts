import type { Kysely } from 'kysely'
import type { Overrides } from '../../model/overrides.ts'
import type { Customer, Member, MemberLink, Tenant, TenantState } from '../../model/tenant.ts'
import type { TenantStore } from '../ports/tenants.ts'
import type { SqlEngine } from './engine.ts'
import type { ControlSchema, MemberLinkRow, MemberRow, TenantRow } from './schema.ts'

/** Tenants and members in SQL. */
export class SqlTenantStore implements TenantStore {
  readonly #db: Kysely<ControlSchema>
  readonly #locksRows: boolean

  constructor(db: Kysely<ControlSchema>, engine: SqlEngine) {
    this.#db = db
    this.#locksRows = engine.locksRows
  }

  async insert(tenant: Tenant): Promise<boolean> {
    // An id and an external id mean the same everywhere, so one may not repeat the other either.
    const names = tenant.externalId === null ? [tenant.id] : [tenant.id, tenant.externalId]
    const taken = await this.#db
      .selectFrom('tenants')
      .select('id')
      .where(({ or, eb }) => or([eb('id', 'in', names), eb('external_id', 'in', names)]))
      .executeTakeFirst()
    if (taken !== undefined) return false

    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('tenants')
      .values(toRow(tenant))
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows !== 1n) return false
    if (tenant.overrides !== null) await this.setOverrides(tenant.id, tenant.overrides, 0)
    return true
  }

  async find(idOrExternalId: string): Promise<Tenant | undefined> {
    const row = await this.#db
      .selectFrom('tenants')
      .selectAll()
      .where(({ or, eb }) => or([eb('id', '=', idOrExternalId), eb('external_id', '=', idOrExternalId)]))
      .executeTakeFirst()
    return row === undefined ? undefined : toTenant(row)
  }

  async list(): Promise<readonly Tenant[]> {
    const rows = await this.#db
      .selectFrom('tenants')
      .selectAll()
      .where('state', '!=', 'deleted')
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(toTenant)
  }

  async setState(id: string, state: TenantState): Promise<void> {
    await this.#db.updateTable('tenants').set({ state }).where('id', '=', id).execute()
  }

  async setCustomer(id: string, customer: Customer | undefined): Promise<void> {
    const json = customer === undefined ? null : JSON.stringify(customer)
    await this.#db.updateTable('tenants').set({ customer: json }).where('id', '=', id).execute()
  }

  async setOverrides(id: string, overrides: Overrides | null, fromMs: number): Promise<void> {
    const json = overrides === null ? null : JSON.stringify(overrides)
    await this.#db.updateTable('tenants').set({ overrides: json }).where('id', '=', id).execute()
    await this.#db
      .insertInto('override_versions')
      .values({ tenant_id: id, from_ms: fromMs, overrides: json })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'from_ms']).doUpdateSet({ overrides: json }))
      .execute()
  }

  async hasSpendCaps(): Promise<boolean> {
    const row = await this.#db
      .selectFrom('tenants')
      .select('id')
      .where(({ or, and, eb }) =>
        or([
          eb('state', '=', 'capped'),
          and([eb('state', '=', 'active'), eb('overrides', 'like', '%"spendCap"%')]),
        ]),
      )
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }

  async overridden(): Promise<ReadonlySet<string>> {
    const rows = await this.#db.selectFrom('override_versions').select('tenant_id').distinct().execute()
    return new Set(rows.map((row) => row.tenant_id))
  }

  async overridesAt(id: string, atMs: number): Promise<Overrides | null> {
    const row = await this.#db
      .selectFrom('override_versions')
      .select('overrides')
      .where('tenant_id', '=', id)
      .where('from_ms', '<=', atMs)
      .orderBy('from_ms', 'desc')
      .limit(1)
      .executeTakeFirst()
    return toOverrides(row?.overrides ?? null)
  }

  async lock(id: string): Promise<void> {
    if (!this.#locksRows) return
    await this.#db.selectFrom('tenants').select('id').where('id', '=', id).forUpdate().execute()
  }

  async insertMember(member: Member): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('members')
      .values({
        id: member.id,
        tenant_id: member.tenantId,
        email: member.email,
        role: member.role,
        created_at_ms: member.createdAtMs,
      })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'email']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }

  async listMembers(tenantId: string): Promise<readonly Member[]> {
    const rows = await this.#db
      .selectFrom('members')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(toMember)
  }

  async removeMember(id: string): Promise<boolean> {
    for (const table of ['member_links', 'member_secrets', 'sessions'] as const) {
      await this.#db.deleteFrom(table).where('member_id', '=', id).execute()
    }
    const { numDeletedRows } = await this.#db
      .deleteFrom('members')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  }

  async replaceMemberLink(link: MemberLink): Promise<void> {
    await this.#db.deleteFrom('member_links').where('member_id', '=', link.memberId).execute()
    await this.addMemberLink(link)
  }

  async addMemberLink(link: MemberLink): Promise<void> {
    await this.#db
      .insertInto('member_links')
      .values({
        hash: link.hash,
        member_id: link.memberId,
        created_at_ms: link.createdAtMs,
        expires_at_ms: link.expiresAtMs,
      })
      .execute()
  }

  async listMemberLinks(tenantId: string): Promise<readonly MemberLink[]> {
    const rows = await this.#db
      .selectFrom('member_links')
      .innerJoin('members', 'members.id', 'member_links.member_id')
      .selectAll('member_links')
      .where('members.tenant_id', '=', tenantId)
      .orderBy('member_links.created_at_ms')
      .execute()
    return rows.map(toMemberLink)
  }
}

/** Reads what a tenant gets beside its plan. */
export function toOverrides(json: string | null): Overrides | null {
  return json === null ? null : JSON.parse(json)
}

function toRow(tenant: Tenant): TenantRow {
  return {
    id: tenant.id,
    name: tenant.name,
    external_id: tenant.externalId,
    state: tenant.state,
    overrides: tenant.overrides === null ? null : JSON.stringify(tenant.overrides),
    created_at_ms: tenant.createdAtMs,
    customer: tenant.customer === undefined ? null : JSON.stringify(tenant.customer),
  }
}

function toTenant(row: TenantRow): Tenant {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    state: row.state,
    overrides: toOverrides(row.overrides),
    createdAtMs: row.created_at_ms,
    ...(row.customer !== null && { customer: JSON.parse(row.customer) }),
  }
}

function toMember(row: MemberRow): Member {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    email: row.email,
    role: row.role,
    createdAtMs: row.created_at_ms,
  }
}

function toMemberLink(row: MemberLinkRow): MemberLink {
  return {
    hash: row.hash,
    memberId: row.member_id,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}
