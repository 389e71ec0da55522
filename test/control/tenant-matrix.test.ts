import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/control/openapi-document.ts'
import { startControl, type TestControl } from '../support/control.ts'
import { invoice } from '../support/invoice.ts'

// Generated from the OpenAPI document: every route, asked by everybody, with the ids of two tenants. What one
// tenant owns carries a canary that nobody else may ever be shown.

const CANARY = { alpha: 'canary-alpha-7c1e', beta: 'canary-beta-93af' } as const

interface Row {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly access: { readonly by: string; readonly scope?: string; readonly roles?: readonly string[] }
}

const ROWS: readonly Row[] = Object.entries<any>((openApiDocument('0.0.0') as any).paths).flatMap(
  ([path, methods]) =>
    Object.entries<any>(methods).map(([method, { operationId, 'x-access': access }]) => {
      return { id: operationId, method: method.toUpperCase(), path, access }
    }),
)

/** What each route is asked with, by the ids of a tenant; a route that is not here fails the run. */
const ASKED: Readonly<Record<string, (ids: Ids) => object>> = {
  ...Object.fromEntries(
    [
      ...['listTenants', 'listPlans', 'listRoutes', 'listTokens', 'listAudit', 'checkAudit', 'settings'],
      ...['tailUsage', 'retryUnattributed', 'verifyNginx', 'portalTerms', 'showSession'],
      ...[
        'signOut',
        'beginOidc',
        'finishOidc',
        'myAccount',
        'myKeys',
        'myUsage',
        'myMembers',
        'plansToChoose',
        ...['exportMyUsage', 'myLatency', 'myCalls', 'myKeyUse', 'myInvoices', 'myBill', 'myApis'],
        ...['myStanding', 'myAudit'],
      ],
      ...[
        'askForKey',
        'ingestEvents',
        'importUsage',
        'usageReport',
        'usageTable',
        'exportUsage',
        'usageLeaks',
        'usageLatency',
      ],
      ...['reconcile', 'listKeys', 'applyPlans'],
    ].map((id) => [id, () => ({})]),
  ),
  ...Object.fromEntries(
    [
      ...['showTenant', 'tenantBlockers', 'deleteTenant', 'suspendTenant', 'resumeTenant', 'overrideTenant'],
      ...['listMembers', 'createKey', 'requestKey'],
    ].map((id) => [id, ({ tenant }: Ids) => ({ tenant })]),
  ),
  ...Object.fromEntries(
    ['showKey', 'rotateKey', 'myKey', 'revealMyKey', 'rotateMyKey', 'revokeMyKey'].map((id) => [
      id,
      ({ key }: Ids) => ({ key }),
    ]),
  ),
  ...Object.fromEntries(
    ['approveKeys', 'rejectKeys', 'revealKeys', 'revokeKeys'].map((id) => [
      id,
      ({ key }: Ids) => ({ keys: [key] }),
    ]),
  ),
  ...Object.fromEntries(
    ['showMember', 'resetMember', 'removeMember'].map((id) => [
      id,
      ({ tenant, member }: Ids) => ({ tenant, member }),
    ]),
  ),
  ...Object.fromEntries(['removeFromMine'].map((id) => [id, ({ member }: Ids) => ({ member })])),
  changeRole: ({ member }) => ({ member, role: 'viewer' }),
  createTenant: () => ({ id: 'gamma' }),
  changePlan: ({ tenant }) => ({ tenant, plan: 'pro' }),
  inviteMember: ({ tenant }) => ({ tenant, email: 'new@example.com' }),
  inviteToMine: () => ({ email: 'mine@example.com' }),
  importKeys: () => ({ text: 'tenant,name,key\n', dry_run: true }),
  inspectKey: ({ secret }) => ({ key: secret }),
  verifyKey: ({ secret }) => ({ key: secret }),
  verifyEnvoy: () => ({ path: 'v1/search' }),
  showPlan: () => ({ plan: 'free' }),
  diffPlans: () => ({ plans: [] }),
  simulatePrices: () => ({ plans: [] }),
  createToken: () => ({ name: 'x', scopes: 'read' }),
  revokeTokens: ({ token }) => ({ tokens: [token] }),
  why: ({ event }) => ({ id: event }),
  signIn: ({ email }) => ({ email, password: 'not the password' }),
  openLink: () => ({ token: 'none', password: 'not the password' }),
  resetPassword: ({ email }) => ({ email }),
  signUp: ({ email }) => ({ email, organisation: 'x' }),
  myCall: ({ event }) => ({ id: event }),
  previewMyPlan: () => ({}),
  changeMyPlan: () => ({ plan: 'free' }),
  ...Object.fromEntries(
    ['myInvoice', 'myInvoiceFile'].map((id) => [id, ({ invoice }: Ids) => ({ invoice })]),
  ),
  myInvoiceLine: ({ invoice }) => ({ invoice, line: '1' }),
  myReference: () => ({ api: 'shop' }),
  tryCall: () => ({ path: 'shop/v1/search' }),
  operatorSignIn: () => ({ token: 'none' }),
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

test('every route of the document is in the matrix, and nothing else is', () => {
  expect(Object.keys(ASKED).sort()).toEqual(ROWS.map(({ id }) => id).sort())
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
    const number = `INV-${canary}`
    const made = invoice({ id: `inv_${name}`, number, tenantId: name, state: 'open' })
    await control.store.invoices.insert([{ ...made, content: { ...made.content, tenantName: canary } }])
    const known = { tenant: name, key, secret, member: member.id, email, event: canary }
    ids[name] = { ...known, token: 'tok_none', invoice: number }
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

async function asked({ control, headers }: Scene, { id, method, path }: Row, caller: Caller, ids: Ids) {
  const left = { ...ASKED[id]!(ids) } as Record<string, unknown>
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(left[name])
    delete left[name]
    return encodeURIComponent(value)
  })
  control.clock.advance(60_001)
  const hasBody = method !== 'GET' && method !== 'DELETE'
  const isUpload = id === 'ingestEvents' || id === 'importUsage'
  return control.ask(method, filled, {
    headers: headers[caller],
    ...(hasBody && !isUpload && { body: left }),
  })
}

/** Everything the store holds of a tenant, as text. */
async function state({ store }: TestControl, tenantId: string): Promise<string> {
  const tenant = await store.tenants.find(tenantId)
  const keys = await store.keys.list({ tenantId })
  const members = await store.tenants.listMembers(tenantId)
  const subscriptions = await store.subscriptions.list(tenantId)
  return JSON.stringify([tenant, keys, members, subscriptions])
}
