import { z } from '@hono/zod-openapi'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { keyId, keySchema, pageOf, paging, revealedKeySchema, tenantName, words } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const READ = { by: 'operator', scope: 'read' } as const
const WRITE = { by: 'operator', scope: 'write' } as const

const asked = {
  name: words().optional(),
  mode: z.enum(['live', 'test']).default('live'),
  expires: words(100).optional().openapi({ description: '30d, 12h, or 2027-01-01T00:00Z.' }),
  routes: words(10_000).optional().openapi({ description: 'Ids of routes, with commas between.' }),
  ips: words(10_000).optional().openapi({ description: 'Addresses and blocks, with commas between.' }),
}

const key = z.object({ key: keyId })
const ids = z.object({ keys: z.array(keyId).min(1).max(1_000) })
const THE_KEY = { key: EXAMPLES.key.id }
const THE_KEYS = { keys: [EXAMPLES.key.id] }
const several = z.object({ data: z.array(keySchema) })
const STATES = ['not-found', 'wrong-state'] as const

const listKeys = operation({
  id: 'listKeys',
  method: 'get',
  path: '/api/v1/keys',
  tag: 'keys',
  summary: 'List keys and key requests, newest first.',
  access: READ,
  input: z.object({ ...paging, tenant: tenantName.optional(), status: words(40).optional() }),
  answer: pageOf(keySchema),
  errors: ['not-found'],
  example: { input: { tenant: 'acme', status: 'active' }, answer: { data: [EXAMPLES.key], next: null } },
  handle: async ({ cases }, { tenant, status, ...page }) =>
    pageFrom(await cases.listKeys({ tenant, status }), page, ({ created_at, id }) => `${created_at} ${id}`),
})

const createKey = operation({
  id: 'createKey',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/keys',
  tag: 'keys',
  summary: 'Make an active key for a tenant; its secret is shown this once.',
  access: WRITE,
  input: z.object({ tenant: tenantName, ...asked }),
  answer: revealedKeySchema,
  status: 201,
  isSecret: true,
  errors: ['not-found', 'key-limit-reached', 'no-plan'],
  example: { input: { tenant: 'acme', name: 'default' }, answer: EXAMPLES.revealedKey },
  handle: ({ cases }, { routes, ips, ...request }) => cases.createKey({ ...request, scope: { routes, ips } }),
})

const requestKey = operation({
  id: 'requestKey',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/key-requests',
  tag: 'keys',
  summary: 'Ask for a key; approved at once where the plan says so.',
  access: WRITE,
  input: z.object({ tenant: tenantName, ...asked, reason: words(2_000).optional() }),
  answer: keySchema,
  status: 201,
  errors: ['not-found', 'key-limit-reached', 'no-plan'],
  example: {
    input: { tenant: 'acme', reason: 'for the shop' },
    answer: { ...EXAMPLES.key, state: 'requested', masked: null, revealed_at: null },
  },
  handle: ({ cases }, { routes, ips, ...request }) =>
    cases.requestKey({ ...request, scope: { routes, ips } }),
})

const showKey = operation({
  id: 'showKey',
  method: 'get',
  path: '/api/v1/keys/{key}',
  tag: 'keys',
  summary: 'Show a key or key request; never its secret.',
  access: READ,
  input: key,
  answer: keySchema,
  errors: ['not-found'],
  example: { input: THE_KEY, answer: EXAMPLES.key },
  handle: ({ cases }, { key: id }) => cases.showKey({ keyId: id }),
  current: ({ cases }, { key: id }) => cases.showKey({ keyId: id }),
})

const approveKeys = operation({
  id: 'approveKeys',
  method: 'post',
  path: '/api/v1/keys/approve',
  tag: 'keys',
  summary: 'Grant key requests, all or none.',
  access: WRITE,
  input: ids,
  answer: several,
  errors: [...STATES, 'key-limit-reached'],
  example: { input: THE_KEYS, answer: { data: [{ ...EXAMPLES.key, state: 'approved' }] } },
  handle: async ({ cases }, { keys }) => ({ data: await cases.approveKeys({ keyIds: keys }) }),
})

const rejectKeys = operation({
  id: 'rejectKeys',
  method: 'post',
  path: '/api/v1/keys/reject',
  tag: 'keys',
  summary: 'Turn key requests down, all or none.',
  access: WRITE,
  input: ids.extend({ reason: words(2_000).optional() }),
  answer: several,
  errors: STATES,
  example: { input: THE_KEYS, answer: { data: [{ ...EXAMPLES.key, state: 'rejected' }] } },
  handle: async ({ cases }, { keys, reason }) => ({ data: await cases.rejectKeys({ keyIds: keys, reason }) }),
})

const revealKeys = operation({
  id: 'revealKeys',
  method: 'post',
  path: '/api/v1/keys/reveal',
  tag: 'keys',
  summary: 'Make the secrets of approved keys and show them, this once; all or none.',
  access: WRITE,
  input: ids,
  answer: z.object({ data: z.array(revealedKeySchema) }),
  isSecret: true,
  errors: [...STATES, 'already-revealed'],
  example: { input: THE_KEYS, answer: { data: [EXAMPLES.revealedKey] } },
  handle: async ({ cases }, { keys }) => ({ data: await cases.revealKeys({ keyIds: keys }) }),
})

const revokeKeys = operation({
  id: 'revokeKeys',
  method: 'post',
  path: '/api/v1/keys/revoke',
  tag: 'keys',
  summary: 'End keys for good, all or none; within a second whatever shows them is refused.',
  access: WRITE,
  input: ids.extend({ reason: words(2_000).optional() }),
  answer: several,
  errors: STATES,
  example: { input: THE_KEYS, answer: { data: [{ ...EXAMPLES.key, state: 'revoked' }] } },
  handle: async ({ cases }, { keys, reason }) => ({ data: await cases.revokeKeys({ keyIds: keys, reason }) }),
})

const rotateKey = operation({
  id: 'rotateKey',
  method: 'post',
  path: '/api/v1/keys/{key}/rotate',
  tag: 'keys',
  summary: 'Put another key in the place of one, which works on for a while.',
  access: WRITE,
  input: key.extend({ overlap: words(40).optional(), expires: words(100).optional() }),
  answer: revealedKeySchema,
  status: 201,
  isSecret: true,
  errors: STATES,
  example: {
    input: { ...THE_KEY, overlap: '24h' },
    answer: { ...EXAMPLES.revealedKey, replaces: EXAMPLES.key },
  },
  current: ({ cases }, { key: id }) => cases.showKey({ keyId: id }),
  handle: ({ cases }, { key: id, overlap, expires }) => cases.rotateKey({ keyId: id, overlap, expires }),
})

const importKeys = operation({
  id: 'importKeys',
  method: 'post',
  path: '/api/v1/keys/import',
  tag: 'keys',
  summary: 'Take over the keys of another system, from a CSV; all or none.',
  access: WRITE,
  input: z.object({ text: z.string().max(16 * 1024 * 1024), dry_run: z.boolean().optional() }),
  answer: z.object({ imported: z.number().int(), dry_run: z.boolean(), keys: z.array(keySchema) }),
  errors: ['invalid-import'],
  example: {
    input: { text: 'tenant,name,hash\nacme,old,9f86d081884c7d65…\n', dry_run: true },
    answer: { imported: 1, dry_run: true, keys: [EXAMPLES.key] },
  },
  handle: ({ cases }, { text, dry_run: dryRun }) => cases.importKeys({ text, dryRun }),
})

const inspectKey = operation({
  id: 'inspectKey',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/keys/inspect',
  tag: 'keys',
  summary: 'Say what a call with a key would meet; nothing is taken or written.',
  access: READ,
  input: z.object({ key: z.string().max(256), route: words(200).optional(), ip: words(100).optional() }),
  answer: z.looseObject({ code: z.string(), reason: z.string().nullable() }),
  errors: ['not-found'],
  example: {
    input: { key: 'gz_live_…', route: 'search' },
    answer: { code: 'NOT_FOUND', reason: 'invalid-credential', key_id: null },
  },
  handle: ({ cases }, { key: secret, route, ip }) => cases.verifyKey({ secret, route, ip }),
})

/** What is offered about keys. */
export const KEY_OPERATIONS = {
  listKeys,
  createKey,
  requestKey,
  showKey,
  approveKeys,
  rejectKeys,
  revealKeys,
  revokeKeys,
  rotateKey,
  importKeys,
  inspectKey,
}
