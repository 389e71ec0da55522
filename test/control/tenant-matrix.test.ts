import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/control/openapi-document.ts'
import type { Operation } from '../../src/control/operation.ts'
import { OPERATIONS } from '../../src/control/operations.ts'
import { ROUTES } from '../../src/control/routes.ts'
import { startControl, type TestControl } from '../support/control.ts'

// Generated from the OpenAPI document: every route, asked by everybody, with the ids of two tenants. What one
// tenant owns carries a canary that nobody else may ever be shown.

const CANARY = { alpha: 'canary-alpha-7c1e', beta: 'canary-beta-93af' } as const

interface Row {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly access: {
    readonly by: string
    readonly scope?: string
    readonly or?: string
    readonly roles?: readonly string[]
  }
}

const ROWS: readonly Row[] = Object.entries<any>((openApiDocument('0.0.0') as any).paths).flatMap(
  ([path, methods]) =>
    Object.entries<any>(methods).map(([method, { operationId, 'x-access': access }]) => {
      return { id: operationId, method: method.toUpperCase(), path, access }
    }),
)

/** The fields that stand for something of a tenant, whatever operation they belong to. */
const FIELDS: Readonly<Record<string, (ids: Ids) => unknown>> = {
  tenant: ({ tenant }) => tenant,
  key: ({ key }) => key,
  keys: ({ key }) => [key],
  member: ({ member }) => member,
  email: ({ email }) => email,
  tokens: ({ token }) => [token],
  invoice: ({ invoice }) => invoice,
  mail: () => 'msg_none',
  event: ({ event }) => event,
  tenants: ({ tenant }) => tenant,
}

/** Where such a field stands for something else. */
const ASKED: Readonly<Record<string, (ids: Ids) => object>> = {
  inspectKey: ({ secret }) => ({ key: secret }),
  verifyKey: ({ secret }) => ({ key: secret }),
  why: ({ event }) => ({ id: event }),
  inviteMember: ({ tenant }) => ({ tenant, email: 'new@example.com' }),
  inviteToMine: () => ({ email: 'mine@example.com' }),
  signIn: ({ email }) => ({ email, password: 'not the password' }),
  myCall: ({ event }) => ({ id: event }),
  createTenant: () => ({ id: 'gamma' }),
  importKeys: () => ({ text: 'tenant,name,key\n', dry_run: true }),
}

/** The example of an operation, with the ids of a tenant in its fields: so a new operation is in the matrix at once. */
function inputOf(id: string, ids: Ids): Record<string, unknown> {
  const operation = Object.values<Operation>(OPERATIONS).find((each) => each.id === id)
  const { example, input, path } = operation!
  const own = Object.entries(FIELDS).filter(
    ([name]) => name in input.shape && (name in example.input || path.includes(`{${name}}`)),
  )
  return {
    ...example.input,
    ...Object.fromEntries(own.map(([name, of]) => [name, of(ids)])),
    ...ASKED[id]?.(ids),
  }
}

/** Who asks. */
const CALLERS = ['nobody', 'alpha', 'beta', 'read-only', 'revoked', 'operator'] as const

type Caller = (typeof CALLERS)[number]

interface Ids {
  readonly tenant: string
  readonly key: string
  readonly secret: string
  readonly member: string
  readonly email: string
  readonly event: string
  readonly token: string
  readonly invoice: string
}

test('every route that is served is in the matrix, asked with ids of a tenant wherever it takes one', async () => {
  const { app } = await startControl()
  const served = app.routes
    .filter(({ method, path }) => path.startsWith('/api/') && method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const documented = new Set(ROWS.map(({ method, path }) => `${method} ${path}`))
  expect(served.filter((each) => !documented.has(each))).toEqual(['GET /api/openapi.json'])
  expect(ROWS.map(({ id }) => id).sort()).toEqual(Object.keys(OPERATIONS).sort())
  const ids: Ids = {
    ...{ tenant: 'x', key: 'x', secret: 'x', member: 'x', email: 'x', event: 'x', token: 'x', invoice: 'x' },
  }
  for (const { id, path } of ROWS) {
    const input = inputOf(id, ids)
    for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) expect([id, name in input]).toEqual([id, true])
  }
})

describe.each(ROWS)('$method $path', (row) => {
  test('gives each what is theirs: nothing to strangers, nothing of others, and foreign as unknown', async () => {
    const scene = await fill()
    for (const caller of CALLERS) {
      for (const owner of ['alpha', 'beta'] as const) {
        const before = caller === 'operator' ? '' : await state(scene.control, other(caller, owner))
        const { status, text } = await asked(scene, row, caller, scene.ids[owner])
        const at = `${caller} with the ids of ${owner}: ${status} ${text.slice(0, 300)}`
        expect(status, at).toBeLessThan(500)
        expect(text, at).not.toMatch(/\bat .*\.ts:\d+|node_modules|SQLITE|better-sqlite/)
        if (caller === 'operator' || (caller === 'read-only' && row.access.scope === 'read')) continue
        // Whose caller it is: what is the other's must neither come out nor change.
        for (const name of ['alpha', 'beta'] as const)
          if (name !== caller) expect(text, at).not.toContain(CANARY[name])
        expect(await state(scene.control, other(caller, owner)), at).toBe(before)
        if (row.access.by === 'operator' && !mayToken(caller, row)) expect([401, 403], at).toContain(status)
        if (row.access.by === 'member' && caller !== 'alpha' && caller !== 'beta')
          expect(status, at).toBe(401)
        if (row.access.by === 'session' && (caller === 'nobody' || caller === 'revoked'))
          expect(status, at).toBe(401)
      }
    }
    expect(scene.control.faults).toEqual([])
  })
})

// APIs belong to nobody: whoever has the plan may call them.
const OWN = ROWS.filter(({ access, path }) => access.by === 'member' && /\{(?!api|path)/.test(path))

test.each(OWN)('$method $path answers ids of others as ids that nobody has', async (row) => {
  const scene = await fill()
  const foreign = await asked(scene, row, 'alpha', scene.ids.beta)
  const unknown = await asked(scene, row, 'alpha', {
    ...scene.ids.beta,
    key: 'key_none',
    member: 'mem_none',
    invoice: 'inv_none',
    event: 'evt_none',
  })
  expect([foreign.status, foreign.json.code, foreign.json.detail]).toEqual([
    ...[404, unknown.json.code, unknown.json.detail],
  ])
})

/** The tenant that must not change: the other one for a member, the one named for the rest. */
function other(caller: Caller, owner: 'alpha' | 'beta'): 'alpha' | 'beta' {
  return caller === 'alpha' ? 'beta' : caller === 'beta' ? 'alpha' : owner
}

function mayToken(caller: Caller, { access }: Row): boolean {
  return caller === 'read-only' && access.scope === 'read'
}

interface Scene {
  readonly control: TestControl
  readonly ids: Readonly<Record<'alpha' | 'beta', Ids>>
  readonly headers: Readonly<Record<Caller, Readonly<Record<string, string>>>>
}

/** Two tenants with everything a tenant can have, each with its canary in every text of its own. */
async function fill(): Promise<Scene> {
  const control = await startControl({ portal: { sign_up: 'open' } })
  const { owner: token } = control
  const post = async (path: string, body: object) => (await control.ask('POST', path, { token, body })).json
  const ids: Record<string, Ids> = {}
  const headers: Record<string, Readonly<Record<string, string>>> = {}
  for (const name of ['alpha', 'beta'] as const) {
    const canary = CANARY[name]
    await post('/api/v1/tenants', { id: name, name: canary, external_id: `ext-${canary}`, plan: 'pro' })
    const { id: key, secret } = await post(`/api/v1/tenants/${name}/keys`, { name: canary })
    await post(`/api/v1/tenants/${name}/key-requests`, { name: canary, reason: canary })
    const email = `${canary}@example.com`
    const member = await control.member(name, email, 'admin')
    headers[name] = member.headers
    const judged = await control.parts.verifier.verify({ secret, route: 'search', requestId: canary })
    expect(judged.code).toBe('VALID')
    const invoice = await billed(control, name, canary)
    ids[name] = {
      tenant: name,
      key,
      secret,
      member: member.id,
      email,
      event: canary,
      token: 'tok_none',
      invoice,
    }
  }
  const readOnly = await control.token('read')
  const revoked = await control.token('owner')
  const last = (await control.store.tokens.list()).find(({ masked }) =>
    revoked.startsWith(masked.slice(0, 8)),
  )
  await control.store.tokens.revoke(last!.id, 0)
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
  return {
    control,
    ids: { alpha: ids.alpha!, beta: ids.beta! },
    headers: {
      nobody: {},
      alpha: headers.alpha!,
      beta: headers.beta!,
      'read-only': bearer(readOnly),
      revoked: bearer(revoked),
      operator: bearer(control.owner),
    },
  }
}

/** An invoice of a tenant that is open, with its canary in every text; returns its number. */
async function billed({ store, clock }: TestControl, tenantId: string, canary: string): Promise<string> {
  const [issuedAtMs, number] = [clock.nowMs(), `INV-${canary}`]
  const period = { startMs: Date.UTC(2026, 1, 1), endMs: Date.UTC(2026, 2, 1) }
  const invoice = {
    id: `inv_${canary}`,
    number,
    state: 'open',
    tenantId,
    period,
    attempt: 1,
    currency: 'USD',
  } as const
  await store.invoices.insert([
    {
      ...{ ...invoice, createdAtMs: issuedAtMs, issuedAtMs, dueAtMs: issuedAtMs - 1 },
      ...{ totalMinor: 100n, creditedMinor: 0n, paidMinor: 0n },
      content: {
        ...{
          tenantName: canary,
          timezone: 'UTC',
          issuer: null,
          terms: { days: 14, text: canary },
          lines: [],
        },
        ...{ subtotal: '1.00', taxMode: 'exclusive', taxes: [], tax: '0.00', total: '1.00', carried: '0.00' },
        ...{ rules: [], evidence: { seals: canary, events: 0 } },
      },
    },
  ])
  return number
}

async function asked({ control, headers }: Scene, { id, method, path }: Row, caller: Caller, ids: Ids) {
  const left = inputOf(id, ids)
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(left[name])
    delete left[name]
    return encodeURIComponent(value)
  })
  control.clock.advance(60_001)
  const [, , place] = ROUTES[id as keyof typeof ROUTES]
  const query = new URLSearchParams(place === 'query' ? (left as Record<string, string>) : {})
  return control.ask(method, `${filled}${query.size === 0 ? '' : `?${query}`}`, {
    headers: headers[caller],
    ...(place === 'body' && { body: left }),
  })
}

/** Everything the store holds of a tenant, as text. */
async function state({ store }: TestControl, tenantId: string): Promise<string> {
  const tenant = await store.tenants.find(tenantId)
  const keys = await store.keys.list({ tenantId })
  const members = await store.tenants.listMembers(tenantId)
  const subscriptions = await store.subscriptions.list(tenantId)
  const invoices = await store.invoices.list({ tenantId })
  const entries = await Promise.all(invoices.map(({ id }) => store.invoices.entries(id)))
  const all = [tenant, keys, members, subscriptions, invoices, entries]
  return JSON.stringify(all, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}
