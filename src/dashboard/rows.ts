import type { BoardData, Call, ReportRow } from './board-data.ts'
import { percentOf } from './figures.ts'
import { openTenant, type Step, screenOf, type Ui } from './ui-state.ts'

/** A tenant with everything that is known of it, as one row. */
export interface TenantRow {
  readonly id: string
  readonly name: string
  readonly plan: string
  readonly state: string
  readonly figures: ReportRow | undefined
  /** The fullest limit, and the fullest quota. */
  readonly limit: Fullness | undefined
  readonly quota: Fullness | undefined
}

/** How full something is. */
export interface Fullness {
  readonly name: string
  readonly used: string
  readonly of: string
  readonly percent: number
}

/** What the rows of the screen are, from the top, and what each opens. */
export function rowsOf(
  data: BoardData,
  ui: Ui,
): readonly { readonly id: string; readonly opens?: Step | undefined }[] {
  const screen = screenOf(ui)
  switch (screen.kind) {
    case 'traffic':
    case 'tail':
    case 'key':
      return callsShown(data, ui).map(({ id }) => ({ id, opens: { kind: 'call', call: id } }))
    case 'tenants':
    case 'revenue':
      return tenantsShown(data, ui).map(({ id }) => ({ id, opens: { kind: 'tenant', tenant: id } }))
    case 'approvals':
      return requestsShown(data, ui).map(({ id, tenant_id: tenant }) => ({
        id,
        opens: { kind: 'tenant', tenant },
      }))
    case 'tenant': {
      const { tenant } = screen
      return keysShown(data, ui).map(({ id }) => ({ id, opens: { kind: 'key', tenant, key: id } }))
    }
    case 'health':
      return (data.health ?? []).map(({ check }) => ({ id: check }))
    case 'call':
      return []
  }
}

/** The calls that match what is searched for, newest first. */
export function callsShown({ calls = [] }: BoardData, { search }: Pick<Ui, 'search'>): readonly Call[] {
  return calls.filter((call) =>
    matches(search, [
      call.method,
      call.endpoint,
      String(call.status_code),
      call.tenant_id,
      call.key_id,
      call.request_id,
      call.refusal,
    ]),
  )
}

/** The tenants that match, in the order that was chosen. */
export function tenantsShown(data: BoardData, ui: Ui): readonly TenantRow[] {
  const rows = (data.tenants ?? [])
    .filter(({ id, name, plan, state }) => matches(ui.search, [id, name, plan ?? '', state]))
    .map((tenant) => tenantRow(data, tenant))
  if (screenOf(ui).kind === 'revenue') return rows.sort(byAmount(data))
  if (ui.order === 0)
    return rows.sort((one, other) => requestsOf(other) - requestsOf(one) || byId(one, other))
  if (ui.order === 1) return rows.sort((one, other) => fullest(other) - fullest(one) || byId(one, other))
  return rows.sort(byId)
}

/** The key requests that match, those who wait longest first. */
export function requestsShown({ requests = [] }: BoardData, { search }: Pick<Ui, 'search'>) {
  return requests
    .filter(({ id, tenant_id: tenant, name, reason }) => matches(search, [id, tenant, name, reason ?? '']))
    .toReversed()
}

/** The keys of the tenant that is opened, the active ones first. */
export function keysShown({ tenant }: BoardData, ui: Ui) {
  if (tenant === undefined || tenant.id !== openTenant(ui)) return []
  return tenant.keys
    .filter(({ id, name, state }) => matches(ui.search, [id, name, state]))
    .toSorted((one, other) => Number(other.state === 'active') - Number(one.state === 'active'))
}

/** The limits of one tenant, and its quotas. */
export function fullnessOf({ limits, quotas }: Pick<BoardData, 'limits' | 'quotas'>, tenantId: string) {
  const ofTenant = (row: { readonly tenant_id: string }): boolean => row.tenant_id === tenantId
  return {
    limits: (limits ?? []).filter(ofTenant).map(({ limit, used, amount }): Fullness => {
      return { name: limit, used: String(used), of: String(amount), percent: percentOf(used, amount) }
    }),
    quotas: (quotas ?? []).filter(ofTenant).map(({ quota, used, included, percent }): Fullness => {
      return { name: quota, used, of: included, percent: percent === null ? 0 : Number(percent) }
    }),
  }
}

function tenantRow(data: BoardData, tenant: NonNullable<BoardData['tenants']>[number]): TenantRow {
  const { limits, quotas } = fullnessOf(data, tenant.id)
  return {
    id: tenant.id,
    name: tenant.name,
    plan: tenant.plan ?? '–',
    state: tenant.state,
    figures: data.report?.rows.find(({ id }) => id === tenant.id),
    limit: limits.toSorted((one, other) => other.percent - one.percent)[0],
    quota: quotas.toSorted((one, other) => other.percent - one.percent)[0],
  }
}

function requestsOf({ figures }: TenantRow): number {
  return figures?.requests ?? 0
}

function fullest({ limit, quota }: TenantRow): number {
  return Math.max(limit?.percent ?? 0, quota?.percent ?? 0)
}

/** Amounts are exact texts; for the order of rows their size as a number is enough. */
function byAmount({ revenue }: BoardData): (one: TenantRow, other: TenantRow) => number {
  const amounts = new Map(revenue?.tenants.map((each) => [each.tenant_id, Number(each.so_far)]))
  return (one, other) => (amounts.get(other.id) ?? -1) - (amounts.get(one.id) ?? -1) || byId(one, other)
}

function byId(one: TenantRow, other: TenantRow): number {
  return one.id < other.id ? -1 : 1
}

function matches(search: string, texts: readonly string[]): boolean {
  const wanted = search.trim().toLowerCase()
  return wanted === '' || texts.some((text) => text.toLowerCase().includes(wanted))
}
