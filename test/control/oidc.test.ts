import { expect, test } from 'vitest'
import { startControl, type TestControl } from '../support/control.ts'
import { startIdentityProvider } from '../support/identity-provider.ts'

async function scene() {
  const provider = await startIdentityProvider()
  const oidc = {
    ...{ issuer: provider.issuer, client_id: 'gatez', operators: ['Op@example.com'] },
    secret: { value: '$' + '{OIDC_SECRET}' },
  }
  const control = await startControl({ portal: { oidc } })
  await control.ask('POST', '/api/v1/tenants', { token: control.owner, body: { id: 'acme', plan: 'free' } })
  return { control, provider }
}

/** As a browser goes: to the provider, and back with its cookie. */
async function signIn(control: TestControl, cookie?: string) {
  const begun = await control.ask('GET', '/api/portal/v1/oidc')
  expect(begun.status, `${begun.text} ${control.faults}`).toBe(302)
  const [own = ''] = begun.headers.get('set-cookie')!.split(';')
  const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' })
  const back = new URL(answer.headers.get('location')!)
  const headers = { cookie: cookie ?? own }
  return {
    path: back.pathname + back.search,
    ...(await control.ask('GET', back.pathname + back.search, { headers })),
  }
}

test('a member comes in by a provider of identities: first by its address, then by who it is there', async () => {
  const { control, provider } = await scene()
  const member = await control.member('acme', 'ann@example.com', 'developer')
  const first = await signIn(control)
  expect([first.status, first.headers.get('location')]).toEqual([302, '/portal'])
  const [cookie = ''] = first.headers.get('set-cookie')!.split(';')
  const session = await control.ask('GET', '/api/portal/v1/session', { headers: { cookie } })
  expect(session.json.member).toMatchObject({ id: member.id, tenant_id: 'acme' })
  provider.user = { sub: 'u1', email: 'renamed@example.com', email_verified: true }
  expect((await signIn(control)).status).toBe(302)
})

test('an address of the list comes in as the operator', async () => {
  const { control, provider } = await scene()
  provider.user = { sub: 'o1', email: 'op@example.com', email_verified: true }
  const { status, headers } = await signIn(control)
  expect([status, headers.get('location')]).toEqual([302, '/operator'])
})

test('an address nobody checked, a stranger and a forged token come in as nobody', async () => {
  const { control, provider } = await scene()
  await control.member('acme', 'ann@example.com', 'developer')
  provider.user = { sub: 'x', email: 'ann@example.com', email_verified: false }
  expect(await signIn(control)).toMatchObject({ status: 401, json: { code: 'sign-in-failed' } })
  provider.user = { sub: 'y', email: 'stranger@example.com', email_verified: true }
  expect((await signIn(control)).json.code).toBe('sign-in-failed')
  provider.user = { sub: 'u1', email: 'ann@example.com', email_verified: true }
  provider.lies = true
  expect((await signIn(control)).json.code).toBe('sign-in-failed')
})

test('a sign-in ends in the browser it began in, once, within ten minutes', async () => {
  const { control } = await scene()
  await control.member('acme', 'ann@example.com', 'developer')
  expect((await signIn(control, 'gatez_oidc=another')).json.code).toBe('invalid-link')
  const done = await signIn(control)
  const again = await control.ask('GET', done.path, {
    headers: { cookie: `gatez_oidc=${new URLSearchParams(done.path.split('?')[1]).get('state')}` },
  })
  expect(again.json.code).toBe('invalid-link')
})

test('where the file names no provider there is none', async () => {
  const control = await startControl()
  expect((await control.ask('GET', '/api/portal/v1/oidc')).json.code).toBe('not-found')
})
