import { z } from '@hono/zod-openapi'
import { GatezError } from '../../errors/gatez-error.ts'
import { assert } from '../../lib/assert.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import type { Asking } from '../asking.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import {
  keyId,
  keySchema,
  pageOf,
  paging,
  planSchema,
  revealedKeySchema,
  tenantDetailsSchema,
  words,
} from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const DEVELOPERS = { by: 'member', roles: ['admin', 'developer'] } as const
const key = z.object({ key: keyId })
const THE_KEY = { key: EXAMPLES.key.id }

const myAccount = operation({
  id: 'myAccount',
  method: 'get',
  path: '/api/portal/v1/account',
  tag: 'portal',
  summary: 'The organisation of who is signed in, with its plan.',
  access: ALL,
  input: z.object({}),
  answer: z.looseObject({ tenant: tenantDetailsSchema, plan: planSchema.nullable() }),
  example: { input: {}, answer: { tenant: EXAMPLES.tenantDetails, plan: EXAMPLES.plan } },
  handle: async (asking) => {
    const tenant = await asking.cases.showTenant({ tenant: mine(asking).tenantId })
    const plan = tenant.plan === null ? null : await asking.cases.showPlan({ planId: tenant.plan })
    // How many others are on it is not theirs to know.
    return { tenant, plan: plan === null ? null : { ...plan, subscribers: 0 } }
  },
})

const myKeys = operation({
  id: 'myKeys',
  method: 'get',
  path: '/api/portal/v1/keys',
  tag: 'portal',
  summary: 'The keys and key requests of the organisation, newest first.',
  access: ALL,
  input: z.object({ ...paging, status: words(40).optional() }),
  answer: pageOf(keySchema),
  example: { input: {}, answer: { data: [EXAMPLES.key], next: null } },
  handle: async (asking, { status, ...page }) => {
    const keys = await asking.cases.listKeys({ tenant: mine(asking).tenantId, status })
    return pageFrom(keys, page, ({ created_at, id }) => `${created_at} ${id}`)
  },
})

const askForKey = operation({
  id: 'askForKey',
  method: 'post',
  path: '/api/portal/v1/keys',
  tag: 'portal',
  summary: 'Ask for a key; approved at once where the plan says so.',
  access: DEVELOPERS,
  input: z.object({
    name: words().optional(),
    mode: z.enum(['live', 'test']).default('live'),
    reason: words(2_000).optional(),
    expires: words(100).optional(),
    routes: words(10_000).optional(),
    ips: words(10_000).optional(),
  }),
  answer: keySchema,
  status: 201,
  errors: ['key-limit-reached', 'no-plan'],
  example: { input: { name: 'shop' }, answer: { ...EXAMPLES.key, state: 'approved', masked: null } },
  handle: (asking, { routes, ips, ...request }) =>
    asking.cases.requestKey({ ...request, tenant: mine(asking).tenantId, scope: { routes, ips } }),
})

const myKey = operation({
  id: 'myKey',
  method: 'get',
  path: '/api/portal/v1/keys/{key}',
  tag: 'portal',
  summary: 'One key of the organisation; never its secret.',
  access: ALL,
  input: key,
  answer: keySchema,
  errors: ['not-found'],
  example: { input: THE_KEY, answer: EXAMPLES.key },
  current: async (asking, { key: id }) => asking.cases.showKey({ keyId: await ownKey(asking, id) }),
  handle: async (asking, { key: id }) => asking.cases.showKey({ keyId: await ownKey(asking, id) }),
})

const revealMyKey = operation({
  id: 'revealMyKey',
  method: 'post',
  path: '/api/portal/v1/keys/{key}/reveal',
  tag: 'portal',
  summary: 'Make the secret of an approved key and show it, this once.',
  access: DEVELOPERS,
  input: key,
  answer: revealedKeySchema,
  isSecret: true,
  errors: ['not-found', 'wrong-state', 'already-revealed'],
  example: { input: THE_KEY, answer: EXAMPLES.revealedKey },
  handle: async (asking, { key: id }) => {
    const [revealed] = await asking.cases.revealKeys({ keyIds: [await ownKey(asking, id)] })
    assert(revealed !== undefined, 'of one key one comes back')
    return revealed
  },
})

const rotateMyKey = operation({
  id: 'rotateMyKey',
  method: 'post',
  path: '/api/portal/v1/keys/{key}/rotate',
  tag: 'portal',
  summary: 'Put another key in the place of one, which works on for a while.',
  access: DEVELOPERS,
  input: key.extend({ overlap: words(40).optional(), expires: words(100).optional() }),
  answer: revealedKeySchema,
  status: 201,
  isSecret: true,
  errors: ['not-found', 'wrong-state'],
  example: { input: THE_KEY, answer: { ...EXAMPLES.revealedKey, replaces: EXAMPLES.key } },
  handle: async (asking, { key: id, ...request }) =>
    asking.cases.rotateKey({ ...request, keyId: await ownKey(asking, id) }),
})

const revokeMyKey = operation({
  id: 'revokeMyKey',
  method: 'post',
  path: '/api/portal/v1/keys/{key}/revoke',
  tag: 'portal',
  summary: 'End a key for good; within a second whatever shows it is refused.',
  access: DEVELOPERS,
  input: key.extend({ reason: words(2_000).optional() }),
  answer: keySchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: THE_KEY, answer: { ...EXAMPLES.key, state: 'revoked' } },
  handle: async (asking, { key: id, reason }) => {
    const [revoked] = await asking.cases.revokeKeys({ keyIds: [await ownKey(asking, id)], reason })
    assert(revoked !== undefined, 'of one key one comes back')
    return revoked
  },
})

/** What is offered to members, about their own organisation only. */
export const PORTAL_OPERATIONS = {
  myAccount,
  myKeys,
  askForKey,
  myKey,
  revealMyKey,
  rotateMyKey,
  revokeMyKey,
}

/** The key, if it is the organisation's. Those of others are answered as if there were none. */
async function ownKey(asking: Asking, id: string): Promise<string> {
  const found = await asking.store.keys.find(id)
  if (found?.tenantId === mine(asking).tenantId) return found.id
  throw new GatezError('not-found', 'Your organisation has no such key.')
}
