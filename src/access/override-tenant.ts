import { parsePrice } from '../config/parse-price.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { NO_OVERRIDES, type Overrides, overridesNothing } from '../model/overrides.ts'
import type { Charge, Plan } from '../model/plan.ts'
import { parseQuantity } from '../model/quantity.ts'
import type { Customer, Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import {
  CUSTOMER_FIELDS,
  type CustomerView,
  customerWith,
  customerWithout,
  viewCustomer,
  type WrittenCustomer,
} from './customer.ts'
import { findTenant } from './find-tenant.ts'

/**
 * Sets what one tenant gets beside its plan, and takes it back; returns all that then holds.
 *
 * A limit or quota must be one of the plan the tenant is on, a feature one of the file. What was set before
 * stays unless it is named. Nothing asked shows what holds. Running gateways follow within a second.
 */
export async function overrideTenant(
  { store, clock }: Access,
  { actor, ...request }: OverrideTenantRequest,
): Promise<TenantOverrides> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    const subscription = await tables.subscriptions.activeAt(tenant.id, nowMs)
    const plan = subscription === undefined ? undefined : (await tables.plans.find(subscription.planId))?.plan
    const held = await tables.tenants.find(tenant.id)
    const before = held?.overrides ?? NO_OVERRIDES
    const customer = await setCustomer(tables, held ?? tenant, { ...request, actor, nowMs })
    const ids = (request.unset ?? []).filter((id) => !CUSTOMER_FIELDS.some((field) => field === id))
    const kept = unset(before, ids, tenant.id)
    const after = set(kept, request, { tenantId: tenant.id, plan })

    if (JSON.stringify(after) !== JSON.stringify(before)) {
      await tables.tenants.setOverrides(tenant.id, overridesNothing(after) ? null : after, nowMs)
      const subject = `tenant:${tenant.id}`
      const detail = { from: before, to: after }
      await record(tables, { atMs: nowMs, actor, action: 'tenant.overridden', subject, detail })
    }
    const { keysMax, spendCap, ...rest } = after
    return {
      ...{ tenant_id: tenant.id, plan: plan?.id ?? null, ...rest, customer: viewCustomer(customer) },
      ...(keysMax !== undefined && { keys_max: keysMax }),
      ...(spendCap !== undefined && { spend_cap: spendCap }),
    }
  })
}

export interface OverrideTenantRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  /** As `tenant-day=5000`; `unlimited` lifts it. */
  readonly limits?: readonly string[] | undefined
  /** As `calls-month=100000`. */
  readonly quotas?: readonly string[] | undefined
  readonly features?: readonly string[] | undefined
  /** As `calls={ model: per_unit, unit: "0.004" }`. */
  readonly prices?: readonly string[] | undefined
  /** How many keys it may hold, or `unlimited`. */
  readonly keys?: string | undefined
  /** What a billing period may cost before tax, as `250.00`. */
  readonly spendCap?: string | undefined
  /** What its invoices to come say of it. */
  readonly customer?: WrittenCustomer | undefined
  /** Ids whose overrides are taken back; `all` for every one. */
  readonly unset?: readonly string[] | undefined
  /** All features there are. */
  readonly knownFeatures: readonly string[]
}

/** What holds for a tenant beside its plan, as scripts read it. */
export interface TenantOverrides extends Omit<Overrides, 'keysMax' | 'spendCap'> {
  readonly tenant_id: string
  /** The plan it is on now. */
  readonly plan: string | null
  /** How many keys it may hold; null = any number, not there = as many as its plan says. */
  readonly keys_max?: number | null
  /** What a billing period may cost before tax; not there = no end. */
  readonly spend_cap?: string
  /** What its invoices say of it; null when nothing beside its name. */
  readonly customer: CustomerView | null
}

/** Sets what invoices to come say of a tenant, and returns what holds then. */
async function setCustomer(
  tables: ControlTables,
  tenant: Tenant,
  { customer = {}, unset: ids = [], actor, nowMs }: CustomerRequest,
): Promise<Customer | undefined> {
  const before = tenant.customer
  const after = customerWith(customerWithout(before, ids), customer)
  if (JSON.stringify(after) === JSON.stringify(before)) return after
  await tables.tenants.setCustomer(tenant.id, after)
  const detail = { from: viewCustomer(before), to: viewCustomer(after) }
  const subject = `tenant:${tenant.id}`
  await record(tables, { atMs: nowMs, actor, action: 'tenant.customer_changed', subject, detail })
  return after
}

type CustomerRequest = Pick<OverrideTenantRequest, 'customer' | 'unset' | 'actor'> & {
  readonly nowMs: number
}

function unset(before: Overrides, ids: readonly string[], tenantId: string): Overrides {
  if (ids.includes('all')) return NO_OVERRIDES
  const keys = before.keysMax === undefined ? [] : ['keys']
  if (before.spendCap !== undefined) keys.push('spend-cap')
  const known = [...Object.keys(before.limits), ...Object.keys(before.quotas), ...before.features, ...keys]
  known.push(...Object.keys(before.prices ?? {}))
  for (const id of ids) {
    if (known.includes(id)) continue
    const rest = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    const detail = `Tenant ${tenantId} has no override of ${JSON.stringify(id)}${didYouMean(id, known)}: ${rest}.`
    throw new GatezError('not-found', detail)
  }
  return {
    limits: without(before.limits, ids),
    quotas: without(before.quotas, ids),
    features: before.features.filter((feature) => !ids.includes(feature)),
    ...(before.keysMax !== undefined && !ids.includes('keys') && { keysMax: before.keysMax }),
    ...(before.spendCap !== undefined && !ids.includes('spend-cap') && { spendCap: before.spendCap }),
    ...pricesIn(without(before.prices ?? {}, ids)),
  }
}

function without<Value>(record: Readonly<Record<string, Value>>, ids: readonly string[]) {
  return Object.fromEntries(Object.entries(record).filter(([id]) => !ids.includes(id)))
}

interface SetPlace {
  readonly tenantId: string
  readonly plan: Plan | undefined
}

function set(
  before: Overrides,
  request: Omit<OverrideTenantRequest, 'actor'>,
  { tenantId, plan }: SetPlace,
): Overrides {
  const limits = (request.limits ?? []).map((text) => pair('limit', text))
  const quotas = (request.quotas ?? []).map((text) => pair('quota', text))
  const prices = (request.prices ?? []).map((text) => pair('price', text))
  if (plan === undefined && limits.length + quotas.length + prices.length > 0) {
    const detail = `Tenant ${tenantId} has no plan whose limits could be overridden: gatez tenants plan ${tenantId} PLAN gives it one.`
    throw new GatezError('no-plan', detail)
  }
  const of = plan === undefined ? '' : `plan ${plan.id}`
  for (const [id] of limits) refuseUnknown('limit', id, plan?.limits.map((limit) => limit.id) ?? [], of)
  for (const [id] of quotas) refuseUnknown('quota', id, plan?.quotas.map((quota) => quota.id) ?? [], of)
  for (const [id] of prices) refuseUnknown('price', id, plan?.charges.map((charge) => charge.id) ?? [], of)
  const features = request.features ?? []
  for (const feature of features) refuseUnknown('feature', feature, request.knownFeatures, 'the file')
  return {
    limits: sorted({
      ...before.limits,
      ...Object.fromEntries(limits.map(([id, text]) => [id, amountOf(id, text)])),
    }),
    quotas: sorted({
      ...before.quotas,
      ...Object.fromEntries(quotas.map(([id, text]) => [id, includedOf(id, text)])),
    }),
    features: [...new Set([...before.features, ...features])].sort(),
    ...(before.keysMax !== undefined && { keysMax: before.keysMax }),
    ...(request.keys !== undefined && { keysMax: keysOf(request.keys) }),
    ...(before.spendCap !== undefined && { spendCap: before.spendCap }),
    ...(request.spendCap !== undefined && { spendCap: spendCapOf(request.spendCap) }),
    ...pricesIn({
      ...before.prices,
      ...Object.fromEntries(prices.map(([id, text]) => [id, priceOf(id, text, plan)])),
    }),
  }
}

function priceOf(id: string, text: string, plan: Plan | undefined): Charge['price'] {
  const price = parsePrice(text, `price ${id}`)
  const isFee = plan?.charges.some((charge) => charge.id === id && charge.meter === null) === true
  if (!isFee || price.model === 'flat') return price
  const detail = `price ${id} is ${price.model}, but ${id} is a fee, without a meter to count: its model must be flat.`
  throw new GatezError('invalid-parameter', detail)
}

/** No price at all is no field: what was never set stays as it was. */
function pricesIn(prices: NonNullable<Overrides['prices']>): Pick<Overrides, 'prices'> {
  return Object.keys(prices).length === 0 ? {} : { prices: sorted(prices) }
}

function pair(kind: string, text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0 && at < text.length - 1) return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  const form = FORMS[kind] ?? 'tenant-day=5000'
  throw new GatezError(
    'invalid-parameter',
    `${kind} is ${JSON.stringify(text)}: write id=amount, as ${form}.`,
  )
}

const FORMS: Readonly<Record<string, string>> = {
  quota: 'calls-month=100000',
  price: `calls='{ model: per_unit, unit: "0.004" }'`,
}

function refuseUnknown(kind: string, id: string, known: readonly string[], of: string): void {
  if (known.includes(id)) return
  const rest = known.length === 0 ? `${of} has none` : `${of} has ${known.join(', ')}`
  const detail = `${kind} names ${JSON.stringify(id)}${didYouMean(id, known)}: ${rest}.`
  throw new GatezError('invalid-parameter', detail)
}

function amountOf(id: string, text: string): number | null {
  if (text === 'unlimited') return null
  const amount = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (amount >= 1 && amount <= AMOUNT_MAX) return amount
  const detail = `limit ${id} is ${JSON.stringify(text)}: write a whole number from 1 to ${AMOUNT_MAX}, or unlimited.`
  throw new GatezError('invalid-parameter', detail)
}

function spendCapOf(text: string): string {
  if (/^\d{1,15}(?:\.\d{1,4})?$/.test(text)) return text
  const detail = `spend cap is ${JSON.stringify(text)}: write an amount of 0 or more, as 250.00.`
  throw new GatezError('invalid-parameter', detail)
}

function keysOf(text: string): number | null {
  if (text === 'unlimited') return null
  if (/^\d{1,6}$/.test(text) && Number(text) >= 1) return Number(text)
  const detail = `keys is ${JSON.stringify(text)}: write a whole number from 1 to 999999, or unlimited.`
  throw new GatezError('invalid-parameter', detail)
}

// What the configuration takes for limits, too.
const AMOUNT_MAX = 1_000_000_000

function includedOf(id: string, text: string): string {
  parseQuantity(text, `quota ${id}`)
  return text
}

function sorted<Value>(record: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
