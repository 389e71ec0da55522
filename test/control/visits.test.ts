import { expect, test } from 'vitest'
import { makeOperatorLink } from '../../src/access/sign-in-operator.ts'
import { OPERATIONS } from '../../src/control/operations.ts'
import { startControl, type TestControl } from '../support/control.ts'

const HALF_HOUR_MS = 30 * 60_000

async function scene() {
  const control = await startControl()
  const { owner: token } = control
  for (const id of ['alpha', 'beta']) {
    await control.ask('POST', '/api/v1/tenants', { token, body: { id, name: `canary-${id}`, plan: 'pro' } })
    await control.ask('POST', `/api/v1/tenants/${id}/keys`, { token, body: { name: `key-of-${id}` } })
  }
  const { token: link } = await makeOperatorLink(control.parts, { actor: 'cli:test' })
  const signedIn = await control.ask('POST', '/api/v1/session', { body: { token: link } })
  const operator = { cookie: cookieOf(signedIn.headers), csrf: signedIn.json.csrf_token as string }
  return { control, token, operator }
}

type Operator = Awaited<ReturnType<typeof scene>>['operator']

const cookieOf = (headers: Headers) => headers.get('set-cookie')!.split(';')[0]!

async function visit(control: TestControl, operator: Operator, tenant = 'alpha') {
  const begun = await control.ask('POST', `/api/v1/tenants/${tenant}/impersonate`, {
    headers: { cookie: operator.cookie, 'x-csrf-token': operator.csrf },
    body: { reason: 'Ticket 4711' },
  })
  expect(begun.status, begun.text).toBe(201)
  // Browsers send both below /api/portal.
  const cookie = `${operator.cookie}; ${cookieOf(begun.headers)}`
  const shown = await control.ask('GET', '/api/portal/v1/session', { headers: { cookie } })
  return { begun, cookie, shown, headers: { cookie, 'x-csrf-token': shown.json.csrf_token as string } }
}

const entries = async ({ store }: TestControl, action: string) =>
  (await store.audit.records({ action, limit: 10 })).map(({ actor, subject, detail }) => ({
    ...{ actor, subject, reason: detail.reason },
  }))

test('an operator who visits a customer sees what its members see, by name, and stays signed in as itself', async () => {
  const { control, operator } = await scene()
  const { begun, cookie, shown } = await visit(control, operator)
  expect(begun.headers.get('set-cookie')).toMatch(
    /^gatez_visit=[\w-]{43}; Path=\/api\/portal; HttpOnly; SameSite=Lax; Max-Age=1800$/,
  )
  expect(shown.json).toMatchObject({ kind: 'visitor', member: null, visit: { tenant_id: 'alpha' } })
  expect(shown.json.visit.by).toMatch(/^operator:ses_/)
  const account = await control.ask('GET', '/api/portal/v1/account', { headers: { cookie } })
  expect(account.json.tenant.name).toBe('canary-alpha')
  const session = await control.ask('GET', '/api/v1/session', { headers: { cookie: operator.cookie } })
  expect(session.json).toMatchObject({ kind: 'operator', csrf_token: operator.csrf })
})

test('who visits may read what every member may, and nothing else: no change, no secret, nothing of others', async () => {
  const { control, operator } = await scene()
  const { headers } = await visit(control, operator)
  const keys = await control.store.keys.list({ tenantId: 'beta' })
  const refused: string[] = []
  const members = Object.values(OPERATIONS).filter(({ access }) => access.by === 'member')
  for (const { id, method, path, access, isSecret, anyMethod } of members) {
    const asked = path.replaceAll(/\{key\}/g, keys[0]!.id).replaceAll(/\{\w+\}/g, 'shop')
    const { status, text } = await control.ask(method.toUpperCase(), asked, {
      headers,
      ...(method !== 'get' && method !== 'delete' && { body: {} }),
    })
    expect(text, id).not.toContain('beta')
    expect(text, id).not.toMatch(/gz_(?:live|test)_\w{20}/)
    if (status === 403) refused.push(id)
    const mayRead =
      method === 'get' && !isSecret && !anyMethod && access.by === 'member' && access.roles.length === 4
    expect([id, status === 403]).toEqual([id, !mayRead])
  }
  expect(refused).toContain('revealMyKey')
  expect(refused).toContain('tryCall')
  const asOperator = await control.ask('GET', '/api/v1/tenants', {
    headers: { cookie: headers.cookie.split('; ')[1]! },
  })
  expect(asOperator.status).toBe(401)
})

test('begin and end are in the audit log, that of the customer too, where the operator has no name', async () => {
  const { control, operator } = await scene()
  const { headers } = await visit(control, operator)
  const mine = await control.ask('GET', '/api/portal/v1/audit', { headers })
  expect(mine.json.data[0]).toMatchObject({ action: 'operator.visit-began', actor: 'operator' })
  expect(mine.text).not.toContain('ses_')
  expect((await control.ask('DELETE', '/api/portal/v1/session', { headers })).status).toBe(200)
  expect((await control.ask('GET', '/api/portal/v1/account', { headers })).status).toBe(401)
  const actor = expect.stringMatching(/^operator:ses_/)
  expect(await entries(control, 'operator.visit-began')).toEqual([
    { actor, subject: 'tenant:alpha', reason: 'Ticket 4711' },
  ])
  expect(await entries(control, 'operator.visit-ended')).toEqual([
    { actor, subject: 'tenant:alpha', reason: undefined },
  ])
  const still = await control.ask('GET', '/api/v1/session', { headers: { cookie: operator.cookie } })
  expect(still.status).toBe(200)
})

test('a visit ends after half an hour, and at once when its operator signs out', async () => {
  const { control, operator } = await scene()
  const first = await visit(control, operator)
  control.clock.advance(HALF_HOUR_MS)
  expect((await control.ask('GET', '/api/portal/v1/account', { headers: first.headers })).status).toBe(401)
  const second = await visit(control, operator)
  const out = { cookie: operator.cookie, 'x-csrf-token': operator.csrf }
  expect((await control.ask('DELETE', '/api/v1/session', { headers: out })).status).toBe(200)
  expect((await control.ask('GET', '/api/portal/v1/account', { headers: second.headers })).status).toBe(401)
})

test('nobody but an operator who signed in may visit: no token, no member, no page of another site', async () => {
  const { control, token, operator } = await scene()
  const path = '/api/v1/tenants/alpha/impersonate'
  const body = { reason: 'x' }
  expect((await control.ask('POST', path, { token, body })).status).toBe(401)
  const member = await control.member('beta', 'bob@example.com', 'admin')
  expect((await control.ask('POST', path, { headers: member.headers, body })).status).toBe(401)
  const { cookie } = operator
  expect((await control.ask('POST', path, { headers: { cookie }, body })).json.code).toBe(
    'csrf-token-invalid',
  )
  const headers = { cookie, 'x-csrf-token': operator.csrf }
  expect((await control.ask('POST', path, { headers, body: { reason: ' ' } })).status).toBe(400)
  expect(await entries(control, 'operator.visit-began')).toEqual([])
})

test('who signs in as a member leaves a visit behind', async () => {
  const { control, operator } = await scene()
  const { cookie } = await visit(control, operator)
  await control.member('beta', 'bob@example.com', 'admin')
  const signed = await control.ask('POST', '/api/portal/v1/session', {
    headers: { cookie },
    body: { email: 'bob@example.com', password: 'correct horse battery' },
  })
  expect(signed.headers.getSetCookie().map((field) => field.split(';')[0])).toContain('gatez_visit=')
})
