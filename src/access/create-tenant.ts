import { GatezError } from '../errors/gatez-error.ts'
import { prefixedId } from '../lib/id.ts'
import { TENANT_ID_PATTERN, type Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { findPlan } from './find-plan.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'
import { checkedText, NAME_LENGTH_MAX } from './text.ts'

/**
 * Creates a tenant, and subscribes it when a plan is named.
 *
 * The id is for ever: it is never changed and never used again. Neither it nor the external id may be
 * any name of another tenant, so that one word always means one tenant.
 */
export async function createTenant(
  { store, clock }: Access,
  request: CreateTenantRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  const tenant = tenantOf(request, nowMs)

  return store.transaction(async (tables) => {
    if (!(await tables.tenants.insert(tenant))) throw await takenError(tables, tenant)
    if (request.planId !== undefined) {
      const { version } = await findPlan(tables, request.planId)
      await tables.subscriptions.insert({
        id: prefixedId('sub'),
        tenantId: tenant.id,
        planId: request.planId,
        planVersion: version,
        startMs: nowMs,
        endMs: null,
      })
    }
    await record(tables, {
      atMs: nowMs,
      actor: request.actor,
      action: 'tenant.created',
      subject: `tenant:${tenant.id}`,
      detail: { name: tenant.name, external_id: tenant.externalId, plan: request.planId ?? null },
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
}

function tenantOf(request: CreateTenantRequest, nowMs: number): Tenant {
  if (!TENANT_ID_PATTERN.test(request.id)) {
    throw new GatezError(
      'invalid-parameter',
      `${JSON.stringify(request.id)} cannot be a tenant id: use 1 to 64 of a-z, 0-9, _ and -, as in ${slugFor(request.id)}.`,
    )
  }
  const { externalId } = request
  return {
    id: request.id,
    name: request.name === undefined ? request.id : checkedText('name', request.name, NAME_LENGTH_MAX),
    externalId: externalId === undefined ? null : checkedText('external id', externalId, NAME_LENGTH_MAX),
    state: 'active',
    overrides: null,
    createdAtMs: nowMs,
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
