import { describe, expect, test } from 'vitest'
import { makeOperatorLink } from '../../src/access/sign-in-operator.ts'
import { PASSWORD, startControl, type TestControl } from '../support/control.ts'

async function scene(overrides: object = {}) {
  const control = await startControl(overrides)
  const { owner: token } = control
  await control.ask('POST', '/api/v1/tenants', { token, body: { id: 'acme', plan: 'free' } })
  return { control, token }
}

const signIn = (control: TestControl, body: object) =>
  control.ask('POST', '/api/portal/v1/session', {
    body: { email: 'ann@example.com', password: PASSWORD, ...body },
  })

describe('a member', () => {
  test('comes in by its link once, sets a password, signs in with it, and out', async () => {
    const { control, token } = await scene()
    const invited = (
      await control.ask('POST', '/api/v1/tenants/acme/members', { token, body: { email: 'Ann@example.com' } })
    ).json
    const open = (password: string) =>
      control.ask('POST', '/api/portal/v1/session/link', { body: { token: invited.token, password } })
    expect((await open('short')).json.detail).toMatch(/^password has 5 characters/)
    expect((await open('ann@example.com1')).json.detail).toMatch(/too easy to guess/)
    const entered = await open(PASSWORD)
    expect(entered).toMatchObject({
      status: 201,
      json: { kind: 'member', member: { tenant_id: 'acme', role: 'developer' } },
    })
    expect(entered.headers.get('set-cookie')).toMatch(
      /^gatez_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/,
    )
    expect(await open(PASSWORD)).toMatchObject({ status: 410, json: { code: 'invalid-link' } })

    const signed = await signIn(control, {})
    expect(signed.status).toBe(201)
    const cookie = signed.headers.get('set-cookie')!.split(';')[0]!
    const headers = { cookie, 'x-csrf-token': signed.json.csrf_token }
    const session = await control.ask('GET', '/api/portal/v1/session', { headers: { cookie } })
    expect(session.json).toEqual(signed.json)
    expect((await control.ask('DELETE', '/api/portal/v1/session', { headers })).status).toBe(200)
    expect((await control.ask('GET', '/api/portal/v1/account', { headers })).status).toBe(401)
  })

  test('nobody learns who has an account: wrong address, wrong password and no password are answered alike', async () => {
    const { control, token } = await scene()
    await control.member('acme', 'ann@example.com', 'developer')
    await control.ask('POST', '/api/v1/tenants/acme/members', { token, body: { email: 'new@example.com' } })
    const answers = []
    for (const body of [
      { password: 'wrong password' },
      { email: 'nobody@example.com' },
      { email: 'new@example.com' },
    ]) {
      const { status, json } = await signIn(control, body)
      answers.push([status, json.code, json.detail])
    }
    expect(new Set(answers.map(String)).size).toBe(1)
    expect(answers[0]?.[1]).toBe('sign-in-failed')
    const reset = (email: string) => control.ask('POST', '/api/portal/v1/session/reset', { body: { email } })
    expect((await reset('ann@example.com')).text).toBe((await reset('nobody@example.com')).text)
    const mails = (await control.store.outbox.pending(100)).filter(({ kind }) => kind === 'member.reset')
    expect(mails.map(({ body }) => body.email)).toEqual(['ann@example.com'])
    expect(JSON.stringify(mails)).not.toMatch(/"token"/)
  })

  test('is held back after five attempts for one address, whatever the password', async () => {
    const { control } = await scene()
    await control.member('acme', 'ann@example.com', 'developer')
    for (let time = 0; time < 5; time += 1) await signIn(control, { password: 'wrong password' })
    const refused = await signIn(control, {})
    expect(refused).toMatchObject({ status: 429, json: { code: 'too-many-sign-ins' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    control.clock.advance(60_001)
    expect((await signIn(control, {})).status).toBe(201)
  })

  test('a change without the csrf token of its session is refused; another password ends other sessions', async () => {
    const { control, token } = await scene()
    const ann = await control.member('acme', 'ann@example.com', 'developer')
    const { cookie = '' } = ann.headers
    for (const headers of [
      { cookie, 'x-csrf-token': '' },
      { cookie, 'x-csrf-token': 'x' },
    ]) {
      const { json } = await control.ask('POST', '/api/portal/v1/keys', { headers, body: {} })
      expect(json.code).toBe('csrf-token-invalid')
    }
    expect(
      (await control.ask('POST', '/api/portal/v1/keys', { headers: ann.headers, body: {} })).status,
    ).toBe(201)
    const reset = await control.ask('POST', '/api/v1/tenants/acme/members/ann@example.com/reset', { token })
    const body = { token: reset.json.token, password: 'another good password' }
    expect((await control.ask('POST', '/api/portal/v1/session/link', { body })).status).toBe(201)
    expect((await control.ask('GET', '/api/portal/v1/account', { headers: { cookie } })).status).toBe(401)
  })

  test('may do what its role says, and the last admin stays', async () => {
    const { control } = await scene()
    const admin = await control.member('acme', 'ann@example.com', 'admin')
    const viewer = await control.member('acme', 'bob@example.com', 'viewer')
    const keys = await control.ask('POST', '/api/portal/v1/keys', { headers: viewer.headers, body: {} })
    expect(keys.json).toMatchObject({
      code: 'not-permitted',
      detail: 'This is for admin and developer; you are viewer.',
    })
    const role = (id: string, name: string) =>
      control.ask('PUT', `/api/portal/v1/members/${id}/role`, {
        headers: admin.headers,
        body: { role: name },
      })
    expect((await role(admin.id, 'viewer')).json.code).toBe('wrong-state')
    expect((await role(viewer.id, 'admin')).json.role).toBe('admin')
    expect((await role(admin.id, 'viewer')).json.role).toBe('viewer')
    expect((await role(viewer.id, 'viewer')).json.code).toBe('not-permitted')
  })

  test.each(['demote', 'remove'])(
    'of two admins who %s each other at once, one stays admin',
    async (what) => {
      const { control } = await scene()
      const ann = await control.member('acme', 'ann@example.com', 'admin')
      const bob = await control.member('acme', 'bob@example.com', 'admin')
      const act = (by: typeof ann, of: typeof ann) =>
        what === 'demote'
          ? control.ask('PUT', `/api/portal/v1/members/${of.id}/role`, {
              headers: by.headers,
              body: { role: 'viewer' },
            })
          : control.ask('DELETE', `/api/portal/v1/members/${of.id}`, { headers: by.headers })
      const answers = await Promise.all([act(ann, bob), act(bob, ann)])
      const members = await control.store.tenants.listMembers('acme')
      expect(members.filter(({ role }) => role === 'admin')).toHaveLength(1)
      expect(answers.map(({ status }) => status)).toContain(200)
    },
  )

  test('is refused a span of centuries at once: others would wait while its days are walked', async () => {
    const { control } = await scene()
    const { headers } = await control.member('acme', 'ann@example.com', 'viewer')
    const { status, json } = await control.ask('GET', '/api/portal/v1/usage?from=1000-01-02&to=3026-01-02', {
      headers,
    })
    expect([status, json.code]).toEqual([400, 'invalid-parameter'])
    expect(json.detail).toContain('the first up to --to 1050-01-02')
  })

  test('asks for a key, gets it approved, and is shown its secret once', async () => {
    const { control } = await scene()
    const { headers } = await control.member('acme', 'ann@example.com', 'developer')
    const asked = (await control.ask('POST', '/api/portal/v1/keys', { headers, body: { name: 'shop' } })).json
    expect(asked.state).toBe('approved')
    const reveal = () => control.ask('POST', `/api/portal/v1/keys/${asked.id}/reveal`, { headers })
    expect((await reveal()).json.secret).toMatch(/^gz_live_/)
    expect((await reveal()).json.code).toBe('already-revealed')
    const { json } = await control.ask('GET', '/api/portal/v1/keys', { headers })
    expect(json.data).toMatchObject([{ id: asked.id, requested_by: expect.stringMatching(/^member:mem_/) }])
    expect((await control.ask('GET', '/api/portal/v1/usage', { headers })).json.total.requests).toBe(0)
    expect((await control.ask('GET', '/api/portal/v1/account', { headers })).json).toMatchObject({
      ...{ tenant: { id: 'acme' }, plan: { id: 'free', subscribers: 0 } },
    })
  })
})

describe('who may come', () => {
  const signUp = (control: TestControl, email = 'new@example.com') =>
    control.ask('POST', '/api/portal/v1/sign-up', { body: { email, organisation: 'Shop & Söhne' } })

  test('open: everybody makes an organisation, whose link is mailed; who has an account gets one to it', async () => {
    const { control } = await scene({ portal: { sign_up: 'open', sign_up_plan: 'free' } })
    expect((await control.ask('GET', '/api/portal/v1/terms')).json).toEqual({ sign_up: 'open', oidc: false })
    const first = await signUp(control)
    control.clock.advance(1)
    const second = await signUp(control)
    expect([first.status, second.text]).toEqual([202, first.text])
    const tenants = await control.client().all('listTenants', {})
    expect(tenants.map(({ id, name, plan }) => [id, name, plan])).toEqual([
      ['acme', 'acme', 'free'],
      ['shop-sohne', 'Shop & Söhne', 'free'],
    ])
    const mails = await control.store.outbox.pending(100)
    expect(mails.map(({ kind, body }) => [kind, body.email, body.role])).toEqual([
      ['member.invited', 'new@example.com', 'admin'],
      ['member.reset', 'new@example.com', 'admin'],
    ])
  })

  test.each(['invited', 'closed'])('%s: nobody comes by itself', async (sign_up) => {
    const { control } = await scene({ portal: { sign_up } })
    expect((await signUp(control)).json.code).toBe('sign-up-closed')
    expect((await control.store.tenants.list()).length).toBe(1)
  })

  test('closed: a link opens only to who was in before', async () => {
    const { control, token } = await scene({ portal: { sign_up: 'closed' } })
    const invited = await control.ask('POST', '/api/v1/tenants/acme/members', {
      token,
      body: { email: 'ann@example.com' },
    })
    const body = { token: invited.json.token, password: PASSWORD }
    expect((await control.ask('POST', '/api/portal/v1/session/link', { body })).json.code).toBe(
      'sign-up-closed',
    )
  })
})

describe('the operator', () => {
  test('comes in by a link once, within the hour, and may do what the owner may, with csrf', async () => {
    const { control } = await scene()
    const enter = (token: string) => control.ask('POST', '/api/v1/session', { body: { token } })
    const { token: link } = await makeOperatorLink(control, { actor: 'cli:test' })
    const { json, headers, status } = await enter(link)
    expect([status, json.kind]).toEqual([201, 'operator'])
    expect((await enter(link)).json.code).toBe('invalid-link')
    const { token: late } = await makeOperatorLink(control, { actor: 'cli:test' })
    control.clock.advance(3_600_001)
    expect((await enter(late)).json.code).toBe('invalid-link')
    const cookie = headers.get('set-cookie')!.split(';')[0]!
    expect((await control.ask('GET', '/api/v1/tokens', { headers: { cookie } })).status).toBe(200)
    const body = { id: 'bolt' }
    expect((await control.ask('POST', '/api/v1/tenants', { headers: { cookie }, body })).json.code).toBe(
      'csrf-token-invalid',
    )
    const made = await control.ask('POST', '/api/v1/tenants', {
      headers: { cookie, 'x-csrf-token': json.csrf_token },
      body,
    })
    expect(made.status).toBe(201)
    expect((await control.store.audit.list({ subject: 'tenant:bolt' }))[0]?.actor).toMatch(/^operator:ses_/)
  })

  test('comes in by a token with the scope owner, and by no other', async () => {
    const { control } = await scene()
    const enter = (token: string) => control.ask('POST', '/api/v1/session', { body: { token } })
    expect((await enter(control.owner)).json.kind).toBe('operator')
    expect((await enter(await control.token('read,write'))).json.code).toBe('invalid-link')
  })

  test('a cookie says Secure where TLS or a proxy carries it', async () => {
    const { control } = await scene({ control: { listen: '127.0.0.1:0', behind_proxy: true } })
    const { headers } = await control.ask('POST', '/api/v1/session', { body: { token: control.owner } })
    expect(headers.get('set-cookie')).toMatch(/; Secure$/)
  })
})
