import { z } from '@hono/zod-openapi'
import { findTenant } from '../../access/find-tenant.ts'
import { type MeterPrice, priceOfMore, standingOf, sumOfPrices } from '../../billing/price-now.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { Api } from '../../model/api.ts'
import { heldPlan } from '../../model/billing-calendar.ts'
import { overridePlan } from '../../model/overrides.ts'
import type { Plan } from '../../model/plan.ts'
import { planOpensRoute } from '../../model/plan-routes.ts'
import { MEMBER_ROLES, type Subscription } from '../../model/tenant.ts'
import type { Asking } from '../asking.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { referenceOf } from '../reference.ts'
import { anyObject } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const CALLERS = { by: 'member', roles: ['admin', 'developer'] } as const
const TRY = '/api/portal/v1/try'

/** An API of the plan, as members see it; the names are stable. */
export interface MyApi {
  readonly id: string
  readonly hosts: readonly string[]
  readonly routes: readonly MyRoute[]
}

export interface MyRoute {
  readonly id: string
  /** Empty = any method. */
  readonly methods: readonly string[]
  readonly path: string
  readonly cost: number
  readonly auth: 'key' | 'none'
  /** What one call costs now, by the tier that the period has reached; null where nothing is charged by calls or units. */
  readonly price_now: string | null
}

const myApis = operation({
  id: 'myApis',
  method: 'get',
  path: '/api/portal/v1/apis',
  tag: 'portal',
  summary: 'The APIs that the plan of the organisation opens, with what a call costs at this moment.',
  access: ALL,
  input: z.object({}),
  answer: z.object({
    currency: z.string(),
    data: z.array(anyObject<MyApi>('MyApi')),
    meters: z.array(z.object({ meter: z.string(), price_now: z.string().nullable() })),
  }),
  example: {
    input: {},
    answer: { currency: 'USD', data: [{ id: 'shop', hosts: [], routes: [] }], meters: [] },
  },
  handle: async (asking) => {
    const { plan } = await planOf(asking)
    const { billing, meters: declared } = asking.parts.config()
    const standing = await standingOf(
      { store: asking.store, billing, meters: declared, nowMs: asking.clock.nowMs() },
      mine(asking).tenantId,
    )
    const { meters } = standing
    const data = openApis(asking, plan).map(({ id, hosts, routes }) => ({
      ...{ id, hosts },
      routes: routes.map(({ id: route, methods, path, cost, auth }) => ({
        ...{ id: route, methods, path, cost, auth },
        price_now: auth === 'none' ? null : priceOfCall(meters, cost),
      })),
    }))
    const others = meters.filter(({ meter }) => meter !== 'calls' && meter !== 'units')
    return {
      currency: billing.currency,
      data,
      meters: others.map((line) => ({ meter: line.meter, price_now: priceOfMore(line, 1) })),
    }
  },
})

const myReference = operation({
  id: 'myReference',
  method: 'get',
  path: '/api/portal/v1/apis/{api}/reference',
  tag: 'portal',
  summary: 'The OpenAPI document of an API, with what the plan opens, to be tried through the portal.',
  access: ALL,
  input: z.object({ api: z.string().min(1).max(64).openapi({ example: 'shop' }) }),
  answer: anyObject<Readonly<Record<string, unknown>>>('OpenApiDocument'),
  errors: ['not-found'],
  example: {
    input: { api: 'shop' },
    answer: { openapi: '3.1.0', info: { title: 'Shop', version: '1' }, paths: {} },
  },
  handle: async (asking, { api: id }) => {
    const { plan } = await planOf(asking)
    return referenceOf(findApi(openApis(asking, plan), id), `${TRY}/${id}`)
  },
})

const myStanding = operation({
  id: 'myStanding',
  method: 'get',
  path: '/api/portal/v1/standing',
  tag: 'portal',
  summary: 'Where the organisation stands: what it spent and may spend, what is left of limits and quotas.',
  access: ALL,
  input: z.object({}),
  answer: z.looseObject({ spent: z.string(), forecast: z.string(), currency: z.string() }),
  example: {
    input: {},
    answer: {
      ...{ from: EXAMPLES.report.from, to: EXAMPLES.report.to, timezone: 'UTC', currency: 'USD' },
      ...{ spent: '49.00', forecast: '51.20', limits: [] },
    },
  },
  handle: async (asking) => {
    const { billing, meters } = asking.parts.config()
    const { tenantId } = mine(asking)
    const { plan, subscription } = await planOf(asking)
    const nowMs = asking.clock.nowMs()
    const { period, spent, forecast } = await standingOf(
      { store: asking.store, billing, meters, nowMs },
      tenantId,
    )
    const left =
      plan === undefined ? [] : await asking.parts.verifier.left(tenantId, plan, heldPlan(subscription))
    return {
      ...{ from: isoTime(period.startMs), to: isoTime(period.endMs), timezone: billing.timezone },
      ...{ currency: billing.currency, spent, forecast, now: isoTime(nowMs) },
      limits: left.map(({ resetsAtMs, ...each }) => ({ ...each, resets_at: isoTime(resetsAtMs) })),
    }
  },
})

const tryCall = operation({
  id: 'tryCall',
  method: 'get',
  path: `${TRY}/{path}`,
  tag: 'portal',
  summary: 'Call an API of the plan with a key of fifteen minutes, metered and billed like any call.',
  description:
    'Of any method. The first part of the path is the id of the API, the rest goes to the gateway as it is, with body ' +
    'and query. x-csrf-token is needed with every method: a call costs money.',
  access: CALLERS,
  input: z.object({ path: z.string().max(8_192) }),
  answer: undefined,
  anyMethod: true,
  download: '*/*',
  errors: ['not-found', 'no-plan', 'csrf-token-invalid'],
  example: { input: { path: 'shop/v1/search' }, answer: '' },
  handle: async (asking) => {
    const { tenantId } = mine(asking)
    const [, id = '', path = '/'] = /^\/([^/?]*)(.*)$/.exec(asking.target.slice(TRY.length)) ?? []
    const { plan } = await planOf(asking)
    const api = findApi(openApis(asking, plan), decodeURIComponent(id))
    const { actor, method, headers, body, signal } = asking
    const call = { tenantId, actor, api, method, headers, body, signal }
    return asking.parts.relay.send({ ...call, path: path.startsWith('/') ? path : `/${path}` })
  },
})

/** What is offered about APIs to members. */
export const MY_API_OPERATIONS = { myApis, myReference, myStanding, tryCall }

/** Null where no charge of the plan is by calls or by units. */
function priceOfCall(meters: readonly MeterPrice[], cost: number): string | null {
  const parts = meters.flatMap((line) =>
    line.meter === 'calls' ? [{ line, units: 1 }] : line.meter === 'units' ? [{ line, units: cost }] : [],
  )
  return parts.length === 0 ? null : sumOfPrices(parts)
}

/** The APIs with a route that the plan opens, each with those routes alone. */
function openApis(asking: Asking, plan: Plan | undefined): readonly Api[] {
  return asking.parts.config().apis.flatMap((api) => {
    const routes = api.routes.filter(
      (route) => route.auth === 'none' || (plan !== undefined && planOpensRoute(plan, route)),
    )
    return routes.length === 0 ? [] : [{ ...api, routes }]
  })
}

function findApi(apis: readonly Api[], id: string): Api {
  const found = apis.find((api) => api.id === id)
  if (found !== undefined) return found
  throw new GatezError('not-found', 'Your plan opens no such API.')
}

async function planOf(
  asking: Asking,
): Promise<{ readonly plan: Plan | undefined; readonly subscription: Subscription | undefined }> {
  const { store, clock } = asking
  const { tenantId } = mine(asking)
  const subscription = await store.subscriptions.activeAt(tenantId, clock.nowMs())
  const version = subscription === undefined ? undefined : await store.plans.find(subscription.planId)
  if (version === undefined) return { plan: undefined, subscription }
  const { overrides } = await findTenant(store, tenantId)
  return { plan: overridePlan(version.plan, overrides), subscription }
}
