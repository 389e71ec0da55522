import { z } from '@hono/zod-openapi'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { operation } from '../operation.ts'
import { cursorOf, cursorPlace, pageFrom } from '../page.ts'
import { pageOf, paging, planSchema, revealedTokenSchema, tokenSchema, words } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'
import { filePlans } from './file-plans.ts'

const READ = { by: 'operator', scope: 'read' } as const
const OWNER = { by: 'operator', scope: 'owner' } as const

const listPlans = operation({
  id: 'listPlans',
  method: 'get',
  path: '/api/v1/plans',
  tag: 'plans',
  summary: 'List the plans in force, in the order of the file.',
  access: READ,
  input: z.object(paging),
  answer: pageOf(planSchema),
  example: { input: {}, answer: { data: [EXAMPLES.plan], next: null } },
  handle: async ({ cases }, asked) => {
    const plans = await cases.listPlans()
    // Their order is that of the file, which no field of a plan tells.
    const places = new Map(plans.map(({ id }, index) => [id, String(index).padStart(6, '0')]))
    return pageFrom(plans, asked, ({ id }) => places.get(id) ?? '')
  },
})

const showPlan = operation({
  id: 'showPlan',
  method: 'get',
  path: '/api/v1/plans/{plan}',
  tag: 'plans',
  summary: 'Show a plan in force.',
  access: READ,
  input: z.object({ plan: z.string().min(1).max(200).openapi({ example: 'free' }) }),
  answer: planSchema,
  errors: ['not-found'],
  example: { input: { plan: 'free' }, answer: EXAMPLES.plan },
  handle: ({ cases }, { plan }) => cases.showPlan({ planId: plan }),
  current: ({ cases }, { plan }) => cases.showPlan({ planId: plan }),
})

const applyPlans = operation({
  id: 'applyPlans',
  method: 'post',
  path: '/api/v1/plans/apply',
  tag: 'plans',
  summary: 'Put the plans of the file of this gatez in force, all or none.',
  description: 'The file that the running gateway has: what it was told to read again is in it.',
  access: OWNER,
  input: z.object({ dry_run: z.boolean().default(false), migrate_subscribers: z.boolean().default(false) }),
  answer: z.looseObject({ stale: z.boolean(), changed: z.boolean() }),
  errors: ['plan-in-use'],
  example: { input: { dry_run: true }, answer: { stale: false, changed: false, plans: [], migrated: [] } },
  handle: ({ cases }, { dry_run: dryRun, migrate_subscribers: migrate }) =>
    cases.applyPlans({ mode: 'explicit', dryRun, migrate }),
})

const diffPlans = operation({
  id: 'diffPlans',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/plans/diff',
  tag: 'plans',
  summary: 'Say what other plans would change, and for whom; changes nothing.',
  access: READ,
  input: z.object({ plans: filePlans }),
  answer: z.looseObject({ changed: z.boolean() }),
  example: {
    input: { plans: [] },
    answer: { changed: true, plans: [], blocked_now: [] },
  },
  handle: ({ evidence }, { plans }) => evidence.diffPlans(plans),
})

const simulatePrices = operation({
  id: 'simulatePrices',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/plans/simulate',
  tag: 'plans',
  summary: 'Say what a month of real usage would have cost under other plans; changes nothing.',
  access: READ,
  input: z.object({ plans: filePlans, month: words(20).optional(), tenant: words(200).optional() }),
  answer: z.looseObject({ currency: z.string() }),
  errors: ['not-found'],
  example: {
    input: { plans: [], month: '2026-03' },
    answer: { currency: 'USD', tenants: [], winners: 0, losers: 0, same: 0 },
  },
  handle: ({ cases }, { plans, month, tenant }) => cases.simulatePrices({ month, tenant }, plans),
})

const listRoutes = operation({
  id: 'listRoutes',
  method: 'get',
  path: '/api/v1/routes',
  tag: 'plans',
  summary: 'List the routes calls can go to, with what they cost and which plans open them.',
  access: READ,
  input: z.object(paging),
  answer: pageOf(z.looseObject({ id: z.string(), api: z.string(), path: z.string() })),
  example: {
    input: {},
    answer: {
      data: [
        {
          ...{ id: 'search', api: 'shop', hosts: [], methods: ['GET'], path: '/v1/search', cost: 1 },
          ...{ requires: [], auth: 'key', plans: ['free'] },
        },
      ],
      next: null,
    },
  },
  handle: async ({ evidence }, asked) => {
    const routes = evidence.listRoutes()
    const places = new Map(routes.map(({ id }, index) => [id, String(index).padStart(6, '0')]))
    return pageFrom(routes, asked, ({ id }) => places.get(id) ?? '')
  },
})

const listTokens = operation({
  id: 'listTokens',
  method: 'get',
  path: '/api/v1/tokens',
  tag: 'tokens',
  summary: 'List the tokens of programs, newest first, the revoked included.',
  access: OWNER,
  input: z.object(paging),
  answer: pageOf(tokenSchema),
  example: { input: {}, answer: { data: [EXAMPLES.token], next: null } },
  handle: async ({ cases }, asked) =>
    pageFrom(await cases.listTokens(), asked, ({ created_at, id }) => `${created_at} ${id}`),
})

const createToken = operation({
  id: 'createToken',
  method: 'post',
  path: '/api/v1/tokens',
  tag: 'tokens',
  summary: 'Make a token for a program; its secret is shown this once.',
  access: OWNER,
  input: z.object({ name: words(), scopes: words(200), expires: words(100).optional() }),
  answer: revealedTokenSchema,
  status: 201,
  isSecret: true,
  example: { input: { name: 'dashboard', scopes: 'read' }, answer: EXAMPLES.revealedToken },
  handle: ({ cases }, asked) => cases.createToken(asked),
})

const createOperatorLink = operation({
  id: 'createOperatorLink',
  method: 'post',
  path: '/api/v1/operator-links',
  tag: 'tokens',
  summary:
    'Make what lets an operator sign in on the web, once, within the hour; its token is shown this once.',
  access: OWNER,
  input: z.object({}),
  answer: z.object({ token: z.string(), expires_at: z.string() }).openapi('OperatorLink'),
  status: 201,
  isSecret: true,
  example: { input: {}, answer: { token: 'o4Q…', expires_at: '2026-03-10T13:00:00.000Z' } },
  handle: ({ cases }) => cases.makeOperatorLink(),
})

const revokeTokens = operation({
  id: 'revokeTokens',
  method: 'post',
  path: '/api/v1/tokens/revoke',
  tag: 'tokens',
  summary: 'End tokens for good, all or none.',
  access: OWNER,
  input: z.object({ tokens: z.array(z.string().min(1).max(200)).min(1).max(1_000) }),
  answer: z.object({ data: z.array(tokenSchema) }),
  errors: ['not-found', 'wrong-state'],
  example: {
    input: { tokens: [EXAMPLES.token.id] },
    answer: { data: [{ ...EXAMPLES.token, state: 'revoked' }] },
  },
  handle: async ({ cases }, { tokens }) => ({ data: await cases.revokeTokens({ tokenIds: tokens }) }),
})

const listAudit = operation({
  id: 'listAudit',
  method: 'get',
  path: '/api/v1/audit',
  tag: 'audit',
  summary: 'List who did what, newest first.',
  access: OWNER,
  input: z.object({ ...paging, subject: words(300).optional() }),
  answer: pageOf(z.looseObject({ sequence: z.number().int(), hash: z.string(), action: z.string() })),
  example: {
    input: { subject: 'tenant:acme' },
    answer: {
      data: [
        {
          ...{ sequence: 1, at: '2026-03-10T12:00:00.000Z', actor: 'cli:root', action: 'tenant.created' },
          ...{ subject: 'tenant:acme', detail: { name: 'Acme' }, hash: 'a1b2…' },
        },
      ],
      next: null,
    },
  },
  handle: async ({ store }, { subject, limit = '100', cursor }) => {
    const before = cursor === undefined ? undefined : cursorPlace(cursor)
    const found = await store.audit.records({
      limit: Number(limit) + 1,
      ...(subject !== undefined && { subject }),
      ...(before !== undefined && { before }),
    })
    const data = found.slice(0, Number(limit)).map(({ atMs, ...entry }) => ({ ...entry, at: isoTime(atMs) }))
    const last = found.length > data.length ? data.at(-1) : undefined
    return { data, next: last === undefined ? null : cursorOf(String(last.sequence)) }
  },
})

const checkAudit = operation({
  id: 'checkAudit',
  method: 'get',
  path: '/api/v1/audit/check',
  tag: 'audit',
  summary: 'Compute every hash of the audit log again.',
  access: OWNER,
  input: z.object({}),
  answer: z.object({
    entries: z.number().int(),
    unchained: z.number().int(),
    head: z.string(),
    whole: z.boolean(),
  }),
  errors: ['audit-broken'],
  example: { input: {}, answer: { entries: 12, unchained: 0, head: 'a1b2…', whole: true } },
  handle: async ({ store }) => {
    const { brokenAt, ...check } = await store.audit.checkChain()
    if (brokenAt === null) return { ...check, whole: true }
    throw new GatezError('audit-broken', `Entry ${brokenAt} of the audit log is not what was written.`)
  },
})

const settings = operation({
  id: 'settings',
  method: 'get',
  path: '/api/v1/settings',
  tag: 'plans',
  summary: 'Say what this installation is: its version, how it bills, what it meters.',
  access: READ,
  input: z.object({}),
  answer: z.looseObject({ version: z.string(), billing: z.looseObject({ currency: z.string() }) }),
  example: {
    input: {},
    answer: {
      version: '0.1.0',
      billing: { currency: 'USD', timezone: 'UTC', period: 'month', anchor: 'calendar' },
      ...{ meters: ['tokens'], dimensions: [], features: [{ id: 'ai', label: 'AI endpoints' }] },
    },
  },
  handle: async ({ parts }) => {
    const { billing, meters, dimensions, features } = parts.config()
    return {
      ...{ version: parts.version, billing, features },
      meters: meters.map(({ id }) => id),
      dimensions: dimensions.map(({ id }) => id),
    }
  },
})

/** What is offered about plans, routes, tokens and the audit log. */
export const PLAN_OPERATIONS = {
  listPlans,
  showPlan,
  applyPlans,
  diffPlans,
  simulatePrices,
  listRoutes,
  listTokens,
  createToken,
  createOperatorLink,
  revokeTokens,
  listAudit,
  checkAudit,
  settings,
}
