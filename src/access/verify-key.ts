import { isIP } from 'node:net'
import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { isoTimeOrNull } from '../lib/iso-time.ts'
import { quotaCounter } from '../limits/call-counters.ts'
import { quotaUsed } from '../limits/quota-used.ts'
import type { Route } from '../model/api.ts'
import { type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import type { Grant } from '../model/grant.ts'
import { hashSecret, type KeyMode, secretMayBeKey } from '../model/key.ts'
import { keyAllows } from '../model/key-scope.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { Access } from './access.ts'

/**
 * Says what a call with this secret would meet, without making one: nothing is consumed or written.
 *
 * The order is that of the gateway: does it exist, is it enabled, has it expired, is there quota left, may
 * it do this. Quotas are read from the ledger, so a call of the last second may be missing. Windows live in
 * the memory of a running gateway and are not asked: a valid key may still meet a 429.
 */
export async function verifyKey(
  { store, clock, billing }: Access & { readonly billing: QuotaRules },
  request: VerifyKeyRequest,
): Promise<KeyVerdict> {
  const nowMs = clock.nowMs()
  const route = request.route === undefined ? undefined : findRoute(request.route, request.routes)
  const { secret, ip } = request
  if (ip !== undefined && isIP(ip) === 0) {
    throw new GatezError('invalid-parameter', `ip is ${JSON.stringify(ip)}, which is no address.`)
  }
  const grant = secretMayBeKey(secret) ? await store.keys.grantByHash(hashSecret(secret)) : undefined
  if (grant === undefined) return { ...UNKNOWN, code: 'NOT_FOUND', reason: 'invalid-credential' }

  const version = grant.planId === null ? undefined : await store.plans.find(grant.planId)
  const plan = version === undefined ? undefined : overridePlan(version.plan, grant.overrides)
  const about = {
    key_id: grant.keyId,
    tenant_id: grant.tenantId,
    mode: grant.keyMode,
    plan: plan?.id ?? null,
    features: plan?.features ?? [],
    routes: grant.routes,
    ips: grant.ips,
    expires_at: isoTimeOrNull(grant.expiresAtMs),
  }
  const findings =
    stateFinding(grant, nowMs) ??
    (await quotaFinding(store, { grant, plan, billing, nowMs })) ??
    scopeFinding(grant, plan, route, ip)
  return { code: 'VALID', reason: null, ...findings, ...about }
}

export interface VerifyKeyRequest {
  readonly secret: string
  /** Id of a route the call would go to. */
  readonly route?: string | undefined
  /** The address it would come from. */
  readonly ip?: string | undefined
  /** All routes there are. */
  readonly routes: readonly Route[]
}

/** What a secret is good for, as scripts read it. Never holds the secret. */
export interface KeyVerdict extends Finding {
  /** null for a key nobody has. */
  readonly key_id: string | null
  readonly tenant_id: string | null
  readonly mode: KeyMode | null
  readonly plan: string | null
  readonly features: readonly string[]
  readonly routes: readonly string[] | null
  readonly ips: readonly string[] | null
  readonly expires_at: string | null
}

interface Finding {
  readonly code: VerdictCode
  /** The problem code the gateway would answer with; null when it would let the call pass. */
  readonly reason: string | null
}

export type VerdictCode =
  | 'VALID'
  | 'NOT_FOUND'
  | 'DISABLED'
  | 'EXPIRED'
  | 'USAGE_EXCEEDED'
  | 'INSUFFICIENT_PERMISSIONS'
  | 'FORBIDDEN'

const UNKNOWN = {
  key_id: null,
  tenant_id: null,
  mode: null,
  plan: null,
  features: [],
  routes: null,
  ips: null,
  expires_at: null,
} as const

function stateFinding(grant: Grant, nowMs: number): Finding | undefined {
  if (grant.keyState !== 'active') return { code: 'DISABLED', reason: 'invalid-credential' }
  if (grant.tenantState !== 'active') {
    return { code: 'DISABLED', reason: STOPPED_BY[grant.tenantState] }
  }
  if (grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs) {
    return { code: 'EXPIRED', reason: 'invalid-credential' }
  }
  return undefined
}

/** The refusal that calls of a tenant in this state get. */
const STOPPED_BY = {
  suspended: 'tenant-suspended',
  deleted: 'tenant-suspended',
  unpaid: 'payment-overdue',
  capped: 'spend-cap-reached',
} as const

interface QuotaQuestion {
  readonly grant: Grant
  readonly plan: Plan | undefined
  readonly billing: QuotaRules
  readonly nowMs: number
}

async function quotaFinding(
  tables: ControlTables,
  { grant, plan, billing, nowMs }: QuotaQuestion,
): Promise<Finding | undefined> {
  for (const quota of plan?.quotas ?? []) {
    if (quota.onExceed !== 'block') continue
    const { tenantId, keyId } = grant
    const call = { tenantId, keyId, routeId: '', cost: 1 }
    const period = quotaPeriodAt(billing, quota.per, nowMs, grant)
    const { amount } = quotaCounter(quota, 1, call, () => period)
    const meter = quota.meter === 'units' ? 'units' : 'calls'
    if ((await quotaUsed(tables, { tenantId, meter, period })) + 1 > amount) {
      return { code: 'USAGE_EXCEEDED', reason: 'quota-exceeded' }
    }
  }
  return undefined
}

function scopeFinding(
  grant: Grant,
  plan: Plan | undefined,
  route: Route | undefined,
  ip: string | undefined,
): Finding | undefined {
  if (plan === undefined) return { code: 'INSUFFICIENT_PERMISSIONS', reason: 'no-plan' }
  if (ip !== undefined && !keyAllows({ routes: null, ips: grant.ips }, { routeId: '', ip })) {
    return { code: 'FORBIDDEN', reason: 'key-not-allowed' }
  }
  if (route === undefined) return undefined
  const reason = !keyAllows({ routes: grant.routes, ips: null }, { routeId: route.id, ip: '' })
    ? 'key-not-allowed'
    : plan.routes !== 'all' && !plan.routes.includes(route.id)
      ? 'route-not-in-plan'
      : route.requires.some((feature) => !plan.features.includes(feature))
        ? 'feature-not-in-plan'
        : undefined
  return reason === undefined ? undefined : { code: 'INSUFFICIENT_PERMISSIONS', reason }
}

function findRoute(id: string, routes: readonly Route[]): Route {
  const found = routes.find((route) => route.id === id)
  if (found !== undefined) return found
  const ids = routes.map((route) => route.id)
  throw new GatezError(
    'not-found',
    `There is no route ${JSON.stringify(id)}${didYouMean(id, ids)}: there are ${ids.join(', ')}.`,
  )
}
