import { expect, test } from 'vitest'
import { startControl } from '../support/control.ts'

test('limits are told as the counters have them that refuse, overrides in force, unlimited ones left out', async () => {
  const control = await startControl()
  const client = control.client()
  await client.call('createTenant', { id: 'one', plan: 'free' })
  await client.call('createTenant', { id: 'two', plan: 'pro' })
  const key = await client.call('createKey', { tenant: 'one' })
  for (const _ of [1, 2])
    expect(await client.call('verifyKey', { key: key.secret, route: 'search' })).toMatchObject({
      valid: true,
    })
  const before = await client.call('limitsNow', { tenants: 'one,two' })
  expect(before.data).toMatchObject([{ tenant_id: 'one', limit: 'tenant-minute', amount: 3, used: 2 }])
  await client.raw('overrideTenant', { tenant: 'one', limits: ['tenant-minute=10'] })
  const after = await client.call('limitsNow', { tenants: 'one' })
  expect(after.data).toMatchObject([{ amount: 10, used: 2 }])
  await expect(client.call('limitsNow', { tenants: 'none' })).rejects.toMatchObject({ code: 'not-found' })
})

test('who asks is told what it may do', async () => {
  const control = await startControl()
  expect((await control.client().call('myAccess', {})).scopes).toEqual(['owner'])
  const reader = control.client(await control.token('read'))
  expect((await reader.call('myAccess', {})).scopes).toEqual(['read'])
})

test('traffic, quotas, degraded decisions and health are there to be read, and only read', async () => {
  const control = await startControl()
  const reader = control.client(await control.token('read'))
  expect((await reader.call('trafficNow', {})).traffic).toMatchObject({ completed: 0, metered_percent: null })
  expect(await reader.all('listQuotas', {})).toEqual([])
  expect(await reader.call('listDegraded', {})).toEqual({ rows: [] })
  expect((await reader.call('health', {})).findings.map(({ check }) => check)).toContain('tenants')
  const stranger = control.client(await control.token('verify'))
  await expect(stranger.call('trafficNow', {})).rejects.toMatchObject({ code: 'insufficient-scope' })
})

test('the last calls of one key are found, and no further back than is asked for', async () => {
  const control = await startControl()
  const client = control.client()
  await client.call('createTenant', { id: 'one', plan: 'free' })
  const [first, second] = [
    await client.call('createKey', { tenant: 'one', name: 'first' }),
    await client.call('createKey', { tenant: 'one', name: 'second' }),
  ]
  const rows = [first, second, second].map(({ secret }, index) => ({
    ...{ id: `call-${index}`, api_key: secret, timestamp: new Date(control.clock.nowMs()).toISOString() },
    ...{ method: 'GET', endpoint: '/v1/search', status_code: 200 },
  }))
  const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  await client.call('importUsage', {}, { body })
  const tail = async (input: object) => {
    const text = await (await client.stream('tailUsage', input)).text()
    return text.split('\n').filter((each) => each !== '').length
  }
  expect(await tail({ key: first.id })).toBe(1)
  expect(await tail({ key: second.id })).toBe(2)
  expect(await tail({ key: first.id, look_back: '0' })).toBe(0)
})

test('nodes are told apart: one that runs, and one that ended with nothing left behind', async () => {
  const control = await startControl()
  const { nodes } = control.store
  const startedAtMs = control.clock.nowMs()
  await nodes.startEpoch('node_a', startedAtMs)
  await nodes.startEpoch('node_a', startedAtMs)
  await nodes.startEpoch('node_b', startedAtMs)
  await nodes.stopped('node_b', startedAtMs)
  // Alone on its stores a node need not say that it is there.
  control.clock.advance(3_600_000)
  const reader = control.client(await control.token('read'))
  const at = new Date(startedAtMs).toISOString()
  expect((await reader.call('listNodes', {})).nodes).toEqual([
    { node_id: 'node_a', state: 'running', starts: 2, started_at: at, shipped_at: null, stopped_at: null },
    { node_id: 'node_b', state: 'stopped', starts: 1, started_at: at, shipped_at: at, stopped_at: at },
  ])
})
