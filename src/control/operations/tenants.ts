import { z } from '@hono/zod-openapi'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import { authorize } from '../authenticate.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import {
  flag,
  invitedMemberSchema,
  memberSchema,
  overridesViewSchema,
  pageOf,
  paging,
  tenantDetailsSchema,
  tenantName,
  tenantSchema,
  words,
} from '../schemas.ts'
import { customerFrom, writtenCustomer } from './customer-input.ts'
import { EXAMPLES } from './examples.ts'

const READ = { by: 'operator', scope: 'read' } as const
const BILLING = { by: 'operator', scope: 'billing' } as const
const WRITE = { by: 'operator', scope: 'write' } as const
const tenant = z.object({ tenant: tenantName })
const ACME = { tenant: 'acme' }

const listTenants = operation({
  id: 'listTenants',
  method: 'get',
  path: '/api/v1/tenants',
  tag: 'tenants',
  summary: 'List the tenants, oldest first.',
  access: READ,
  input: z.object(paging),
  answer: pageOf(tenantSchema),
  example: { input: {}, answer: { data: [EXAMPLES.tenant], next: null } },
  handle: async ({ cases }, asked) =>
    pageFrom(await cases.listTenants(), asked, ({ created_at, id }) => `${created_at} ${id}`),
})

const createTenant = operation({
  id: 'createTenant',
  method: 'post',
  path: '/api/v1/tenants',
  tag: 'tenants',
  summary: 'Create a tenant: a customer organisation.',
  access: WRITE,
  input: z.object({
    id: words(200).openapi({ description: 'Its id for ever: 1 to 64 of a-z, 0-9, _ and -.' }),
    name: words().optional(),
    external_id: words().optional(),
    plan: words(200).optional().openapi({ description: 'Plan it starts on.' }),
    trial_days: z.number().int().min(1).max(365).optional(),
    customer: writtenCustomer,
  }),
  answer: tenantSchema,
  status: 201,
  errors: ['already-exists', 'not-found'],
  example: { input: { id: 'acme', name: 'Acme', plan: 'free' }, answer: EXAMPLES.tenant },
  handle: ({ cases }, { id, name, external_id: externalId, plan: planId, trial_days: trialDays, customer }) =>
    cases.createTenant({ id, name, externalId, planId, trialDays, customer: customerFrom(customer) }),
})

const showTenant = operation({
  id: 'showTenant',
  method: 'get',
  path: '/api/v1/tenants/{tenant}',
  tag: 'tenants',
  summary: 'Show a tenant, its plan and how many keys it holds.',
  access: READ,
  input: tenant,
  answer: tenantDetailsSchema,
  errors: ['not-found'],
  example: { input: ACME, answer: EXAMPLES.tenantDetails },
  handle: ({ cases }, asked) => cases.showTenant(asked),
  current: ({ cases }, asked) => cases.showTenant(asked),
})

const tenantBlockers = operation({
  id: 'tenantBlockers',
  method: 'get',
  path: '/api/v1/tenants/{tenant}/blockers',
  tag: 'tenants',
  summary: 'Say what stands in the way of deleting a tenant.',
  access: READ,
  input: tenant,
  answer: z.object({ id: z.string(), blockers: z.array(z.string()) }),
  errors: ['not-found'],
  example: { input: ACME, answer: { id: 'acme', blockers: ['1 active key', 'its plan free'] } },
  handle: ({ cases }, asked) => cases.tenantBlockers(asked),
})

const deleteTenant = operation({
  id: 'deleteTenant',
  method: 'delete',
  path: '/api/v1/tenants/{tenant}',
  tag: 'tenants',
  summary: 'Delete a tenant for good; its numbers stay, its id is never used again.',
  access: WRITE,
  input: tenant.extend({ force: flag }),
  answer: tenantSchema,
  errors: ['not-found', 'tenant-in-use'],
  example: { input: { ...ACME, force: 'true' }, answer: { ...EXAMPLES.tenant, state: 'deleted' } },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: ({ cases }, asked) => cases.deleteTenant({ tenant: asked.tenant, force: asked.force === 'true' }),
})

const suspendTenant = operation({
  id: 'suspendTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/suspend',
  tag: 'tenants',
  summary: 'Stop all calls of a tenant; its keys stay.',
  access: WRITE,
  input: tenant.extend({ reason: words().optional() }),
  answer: tenantSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: { ...ACME, reason: 'unpaid' }, answer: { ...EXAMPLES.tenant, state: 'suspended' } },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: ({ cases }, asked) => cases.suspendTenant(asked),
})

const resumeTenant = operation({
  id: 'resumeTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/resume',
  tag: 'tenants',
  summary: 'Let a suspended tenant call again.',
  access: WRITE,
  input: tenant,
  answer: tenantSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: ACME, answer: EXAMPLES.tenant },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: ({ cases }, asked) => cases.resumeTenant(asked),
})

const changePlan = operation({
  id: 'changePlan',
  method: 'put',
  path: '/api/v1/tenants/{tenant}/plan',
  tag: 'tenants',
  summary: 'Move a tenant to a plan, now or when its billing period ends.',
  access: WRITE,
  input: tenant.extend({
    plan: words(200),
    at: z.enum(['now', 'period-end']).optional(),
    trial_days: z.number().int().min(1).max(3_650).optional(),
  }),
  answer: tenantSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: { ...ACME, plan: 'pro' }, answer: { ...EXAMPLES.tenant, plan: 'pro' } },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: ({ cases }, { tenant: name, plan, at, trial_days: trialDays }) =>
    cases.changePlan({ tenant: name, planId: plan, at, trialDays }),
})

const list = z.array(words(4_000)).max(1_000).optional()

const overrideTenant = operation({
  id: 'overrideTenant',
  method: 'put',
  path: '/api/v1/tenants/{tenant}/overrides',
  tag: 'tenants',
  summary: 'Give one tenant other limits, quotas, features or prices than its plan.',
  description:
    'What is not named stays as it is; without any field it shows what holds. Prices need the scope billing as well.',
  access: WRITE,
  input: tenant.extend({
    limits: list.openapi({ example: ['tenant-day=5000'] }),
    quotas: list.openapi({ example: ['calls-month=100000'] }),
    features: list,
    prices: list,
    keys: words(20).optional(),
    spend_cap: words(30).optional(),
    customer: writtenCustomer,
    unset: list.openapi({ description: 'Ids whose overrides are taken back; all for every one.' }),
  }),
  answer: overridesViewSchema,
  errors: ['not-found', 'no-plan'],
  example: { input: { ...ACME, limits: ['tenant-day=5000'] }, answer: EXAMPLES.overrides },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: async ({ cases, principal }, { customer, spend_cap: spendCap, ...asked }) => {
    const { prices, unset = [] } = asked
    const own = unset.length === 0 ? {} : ((await cases.showTenant(asked)).overrides?.prices ?? {})
    const endsPrice = Object.keys(own).some((id) => unset.includes(id) || unset.includes('all'))
    if (prices !== undefined || spendCap !== undefined || endsPrice) authorize(BILLING, principal)
    return cases.overrideTenant({ ...asked, spendCap, customer: customerFrom(customer) })
  },
})

const listMembers = operation({
  id: 'listMembers',
  method: 'get',
  path: '/api/v1/tenants/{tenant}/members',
  tag: 'members',
  summary: 'List the members of a tenant, oldest first.',
  access: READ,
  input: tenant.extend(paging),
  answer: pageOf(memberSchema),
  errors: ['not-found'],
  example: { input: ACME, answer: { data: [EXAMPLES.member], next: null } },
  handle: async ({ cases }, asked) =>
    pageFrom(await cases.listMembers(asked), asked, ({ created_at, id }) => `${created_at} ${id}`),
})

const inviteMember = operation({
  id: 'inviteMember',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/members',
  tag: 'members',
  summary: 'Make a person a member of a tenant; the token of its link is shown this once.',
  access: WRITE,
  input: tenant.extend({ email: words(), role: z.enum(MEMBER_ROLES).optional() }),
  answer: invitedMemberSchema,
  status: 201,
  isSecret: true,
  errors: ['not-found', 'already-exists'],
  example: { input: { ...ACME, email: 'ann@example.com' }, answer: EXAMPLES.invitedMember },
  handle: ({ cases }, asked) => cases.inviteMember(asked),
})

const member = tenant.extend({ member: z.string().min(1).max(300).openapi({ example: 'ann@example.com' }) })
const ANN = { ...ACME, member: 'ann@example.com' }

const showMember = operation({
  id: 'showMember',
  method: 'get',
  path: '/api/v1/tenants/{tenant}/members/{member}',
  tag: 'members',
  summary: 'Show a member, by address or id.',
  access: READ,
  input: member,
  answer: memberSchema,
  errors: ['not-found'],
  example: { input: ANN, answer: EXAMPLES.member },
  handle: ({ cases }, asked) => cases.showMember(asked),
  current: ({ cases }, asked) => cases.showMember(asked),
})

const resetMember = operation({
  id: 'resetMember',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/members/{member}/reset',
  tag: 'members',
  summary: 'Give a member a new link, shown this once; the one before no longer opens.',
  access: WRITE,
  input: member,
  answer: invitedMemberSchema,
  isSecret: true,
  errors: ['not-found'],
  example: { input: ANN, answer: EXAMPLES.invitedMember },
  handle: ({ cases }, asked) => cases.resetMember(asked),
})

const removeMember = operation({
  id: 'removeMember',
  method: 'delete',
  path: '/api/v1/tenants/{tenant}/members/{member}',
  tag: 'members',
  summary: 'Take a person out of a tenant, with its links and sessions; the keys of the tenant stay.',
  access: WRITE,
  input: member,
  answer: memberSchema,
  errors: ['not-found'],
  example: { input: ANN, answer: EXAMPLES.member },
  current: ({ cases }, asked) => cases.showMember(asked),
  handle: ({ cases }, asked) => cases.removeMember(asked),
})

/** What is offered about tenants and their members. */
export const TENANT_OPERATIONS = {
  listTenants,
  createTenant,
  showTenant,
  tenantBlockers,
  deleteTenant,
  suspendTenant,
  resumeTenant,
  changePlan,
  overrideTenant,
  listMembers,
  inviteMember,
  showMember,
  resetMember,
  removeMember,
}
