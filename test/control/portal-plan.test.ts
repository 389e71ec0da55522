import { expect, test } from 'vitest'
import { startControl } from '../support/control.ts'

async function scene(portal: object) {
  const control = await startControl({ portal })
  await control.client().call('createTenant', { id: 'acme', plan: 'free' })
  const ann = await control.member('acme', 'ann@example.com', 'admin')
  const ask = (method: string, path: string, body?: object) =>
    control.ask(method, `/api/portal/v1${path}`, {
      headers: ann.headers,
      ...(body !== undefined && { body }),
    })
  return { ...control, ask }
}

test('a plan that the file does not open to customers is neither seen nor had', async () => {
  const { ask } = await scene({ plans: ['free'] })
  const { json } = await ask('GET', '/plans')
  expect(json.data.map(({ id }: any) => id)).toEqual(['free'])
  expect((await ask('GET', '/plan/preview?plan=pro')).json.code).toBe('not-found')
  expect((await ask('PUT', '/plan', { plan: 'pro' })).json.code).toBe('not-found')
})

test('a plan one has is seen by its customers, also where it is not offered', async () => {
  const { ask } = await scene({ plans: ['pro'] })
  const { json } = await ask('GET', '/plans')
  expect(json.data.map(({ id }: any) => id)).toEqual(['free', 'pro'])
  expect((await ask('PUT', '/plan', { plan: 'pro' })).json.plan).toBe('pro')
})

test('what a plan does not open is in neither the list of APIs nor the reference', async () => {
  const { ask } = await scene({})
  const before = (await ask('GET', '/apis')).json.data
  expect(before[0].routes.map(({ id }: any) => id)).toEqual(['search'])
  expect(Object.keys((await ask('GET', '/apis/shop/reference')).json.paths)).toEqual(['/v1/search'])
  await ask('PUT', '/plan', { plan: 'pro' })
  const after = (await ask('GET', '/apis/shop/reference')).json
  expect(Object.keys(after.paths)).toEqual(['/v1/search', '/v1/analyze'])
  expect(after.servers).toEqual([{ url: '/api/portal/v1/try/shop' }])
})
