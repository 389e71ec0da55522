import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import { TENANT_ID_PATTERN, type Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import type { BillingRules } from './change-plan.ts'
import { customerWith, type WrittenCustomer } from './customer.ts'
import { findPlan } from './find-plan.ts'
import { changeSubscriptions } from './subscription-change.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'
import { checkedText, NAME_LENGTH_MAX } from './text.ts'

/**
 * Creates a tenant, and subscribes it when a plan is named; with `trialDays` nothing is billed for so long.
 *
 * The id is for ever: it is never changed and never used again. Neither it nor the external id may be
 * any name of another tenant, so that one word always means one tenant.
 */
export async function createTenant(
  { store, clock, billing }: Access & { readonly billing?: BillingRules },
  request: CreateTenantRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  const tenant = tenantOf(request, nowMs)
  const { planId, trialDays } = request
  if (trialDays !== undefined && planId === undefined) {
    throw new GatezError('invalid-parameter', 'trial needs a plan to try: name one with --plan.')
  }

  return store.transaction(async (tables) => {
    if (!(await tables.tenants.insert(tenant))) throw await takenError(tables, tenant)
    if (planId !== undefined) {
      const plan = await findPlan(tables, planId)
      assert(billing !== undefined || trialDays === undefined, 'the end of a trial needs a time zone')
      const before = { tenantId: tenant.id, subscriptions: [], nowMs, billing: billing ?? CALENDAR_UTC }
      const to = { tenantId: tenant.id, plan, direction: 'upgrade', trialDays } as const
      for (const each of changeSubscriptions(before, to).inserts) await tables.subscriptions.insert(each)
    }
    await record(tables, {
      atMs: nowMs,
      actor: request.actor,
      action: 'tenant.created',
      subject: `tenant:${tenant.id}`,
      detail: { name: tenant.name, external_id: tenant.externalId, plan: planId ?? null },
    })
    return viewTenant(tables, tenant, nowMs)
  })
}

export interface CreateTenantRequest extends Signed {
  /** The slug. */
  readonly id: string
  /** The id if not given. */
  readonly name?: string | undefined
  readonly externalId?: string | undefined
  readonly planId?: string | undefined
  /** Days at the beginning of the plan for which nothing is billed. */
  readonly trialDays?: number | undefined
  /** What its invoices say of it. */
  readonly customer?: WrittenCustomer | undefined
}

/** Without a trial nothing of it matters. */
const CALENDAR_UTC = { period: 'month', timezone: 'UTC' } as const

function tenantOf(request: CreateTenantRequest, nowMs: number): Tenant {
  if (!TENANT_ID_PATTERN.test(request.id)) {
    throw new GatezError(
      'invalid-parameter',
      `${JSON.stringify(request.id)} cannot be a tenant id: use 1 to 64 of a-z, 0-9, _ and -, as in ${slugFor(request.id)}.`,
    )
  }
  const { externalId } = request
  const customer = customerWith(undefined, request.customer ?? {})
  return {
    id: request.id,
    name: request.name === undefined ? request.id : checkedText('name', request.name, NAME_LENGTH_MAX),
    externalId: externalId === undefined ? null : checkedText('external id', externalId, NAME_LENGTH_MAX),
    state: 'active',
    overrides: null,
    createdAtMs: nowMs,
    ...(customer !== undefined && { customer }),
  }
}

/** The nearest id that would do. */
function slugFor(text: string): string {
  const slug = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '')
  return slug === '' ? 'acme' : slug
}

async function takenError(tables: ControlTables, tenant: Tenant): Promise<GatezError> {
  const holder = await tables.tenants.find(tenant.id)
  if (holder === undefined) {
    const other = await tables.tenants.find(tenant.externalId ?? '')
    return new GatezError(
      'already-exists',
      `The external id ${tenant.externalId} already names tenant ${other?.id ?? ''}.`,
    )
  }
  const detail =
    holder.id === tenant.id
      ? `Tenant ${tenant.id} ${holder.state === 'deleted' ? 'existed once and was deleted' : 'exists already'}.`
      : `${tenant.id} is the external id of tenant ${holder.id}.`
  return new GatezError('already-exists', detail)
}
