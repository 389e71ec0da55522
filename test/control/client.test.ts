import { expect, test } from 'vitest'
import { ControlClient } from '../../src/control/client.ts'
import { orLocalOnly } from '../../src/control/remote.ts'
import { startControl } from '../support/control.ts'

test('a client asks by id, gets typed answers and all pages of a list, and throws problems as they were', async () => {
  const control = await startControl()
  const client = control.client()
  for (const id of ['one', 'two'])
    expect((await client.call('createTenant', { id, plan: 'free' })).plan).toBe('free')
  expect((await client.all('listTenants', {})).map(({ id }) => id)).toEqual(['one', 'two'])
  expect((await client.call('showTenant', { tenant: 'one' })).keys_max).toBe(5)
  await expect(client.call('showTenant', { tenant: 'öl/../x' })).rejects.toMatchObject({
    ...{ code: 'not-found', message: 'There is no tenant "öl/../x".' },
  })
  const revoked = control.client('gzt_wrong')
  await expect(revoked.call('listPlans', {})).rejects.toMatchObject({ code: 'invalid-token', status: 401 })
})

test('what does not answer, and what answers something else, is told as such', async () => {
  const answering = (fetch: () => Promise<Response>) =>
    new ControlClient({ url: 'http://127.0.0.1:1', token: 't', fetch })
  const gone = answering(() => Promise.reject(new TypeError('fetch failed')))
  await expect(gone.call('listPlans', {})).rejects.toMatchObject({ code: 'control-unreachable' })
  const other = answering(async () => new Response('<html>', { status: 502 }))
  await expect(other.call('listPlans', {})).rejects.toMatchObject({ code: 'control-unreachable' })
})

test('what cannot be done from afar says that it needs the stores', () => {
  const cases = orLocalOnly<{ near: () => number; far: () => number }>({ far: () => 1 })
  expect(cases.far()).toBe(1)
  expect(() => cases.near()).toThrow(expect.objectContaining({ code: 'local-only' }))
})
