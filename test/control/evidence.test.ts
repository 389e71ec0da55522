import { expect, test } from 'vitest'
import { jsonLines } from '../../src/control/streams.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { startControl, type TestControl } from '../support/control.ts'
import { NOON } from '../support/control-store.ts'
import { usageEvent } from '../support/usage-events.ts'

/** Three calls of Acme that were refused lately, and one that was not. */
async function scene(): Promise<TestControl> {
  const control = await startControl()
  await control.client().call('createTenant', { id: 'acme', plan: 'free' })
  await using log = await openUsageLog(control.config)
  const refused = { outcome: 'refused', billable: false, statusCode: 429, refusal: 'rate-limited' } as const
  await log.append([
    usageEvent({ seq: 1, timestampMs: NOON - 60_000, ...refused, count: 2 }),
    usageEvent({ seq: 2, timestampMs: NOON - 7_200_000, ...refused }),
    usageEvent({ seq: 3, timestampMs: NOON - 1_000 }),
  ])
  return control
}

test('refusals are told by reason, of the last hour or of the span that is named', async () => {
  const control = await scene()
  const client = control.client(await control.token('read'))
  const lately = await client.call('limitsHit', { tenant: 'acme' })
  expect(lately.rows.map(({ refusal, requests }) => [refusal, requests])).toEqual([['rate-limited', 2]])
  const month = await client.call('limitsHit', { month: '2026-03' })
  expect(month.rows.map(({ tenant_id: tenant, requests }) => [tenant, requests])).toEqual([['acme', 3]])
})

test('the way of an event is shown, and an id that nobody has is not found', async () => {
  const control = await scene()
  const client = control.client()
  const id = usageEvent({ seq: 3, timestampMs: NOON - 1_000 }).id
  expect((await client.call('eventTrail', { event: id })).event.id).toBe(id)
  await expect(client.call('eventTrail', { event: 'none' })).rejects.toMatchObject({ code: 'not-found' })
})

test('events are taken back with the scope billing only', async () => {
  const control = await scene()
  const client = control.client(await control.token('read,write,events'))
  await expect(client.call('voidEvent', { event: 'x', reason: 'y' })).rejects.toMatchObject({
    code: 'insufficient-scope',
  })
  const owner = control.client()
  await expect(owner.call('voidEvent', { event: 'none', reason: 'y' })).rejects.toMatchObject({
    code: 'not-found',
  })
})

test('prices are quoted and linted as the command line does, and what is wrong with a case is named', async () => {
  const control = await startControl()
  const client = control.client(await control.token('read'))
  const price = { model: 'per_unit', unit: '0.002' }
  const { quotes } = await client.call('quotePrices', { cases: [{ id: 'a', price, quantity: '1500' }] })
  expect(quotes.map(({ id, amount }) => [id, amount])).toEqual([['a', '3.00']])
  await expect(client.call('quotePrices', { cases: [{ price, quantity: 'many' }] })).rejects.toMatchObject({
    code: 'invalid-parameter',
  })
  const volume = {
    model: 'volume',
    tiers: [
      { up_to: '1000', unit: '0.01' },
      { up_to: null, unit: '0.001' },
    ],
  }
  const plan = {
    ...{ id: 'cliff', name: 'Cliff', support: null, routes: 'all' as const, features: [] },
    ...{ keys: { max: null, approval: 'auto' as const }, limits: [], quotas: [] },
    charges: [{ id: 'calls', meter: 'calls', price: volume }],
  }
  const { findings } = await client.call('lintPrices', { plans: [plan] })
  expect(findings.map(({ rule }) => rule)).toContain('cliff')
  expect((await client.call('lintPrices', {})).findings).toEqual([])
})

test('a link for an operator is made by the owner, opens once, and is in no store', async () => {
  const control = await startControl()
  const write = control.client(await control.token('write'))
  await expect(write.call('createOperatorLink', {})).rejects.toMatchObject({ code: 'insufficient-scope' })
  const { token } = await control.client().call('createOperatorLink', {})
  const first = await control.ask('POST', '/api/v1/session', { body: { token } })
  const second = await control.ask('POST', '/api/v1/session', { body: { token } })
  expect([first.status, second.status]).toEqual([201, 410])
})

test('prices of one tenant are money: the scope write neither sets them nor takes them back', async () => {
  const charges = [{ id: 'fee', price: { model: 'flat', amount: '5.00' } }]
  const limits = [{ requests: 3, per: 'minute' }]
  const control = await startControl({ plans: [{ id: 'free', routes: 'all', charges, limits }] })
  await control.client().call('createTenant', { id: 'acme', plan: 'free' })
  const write = control.client(await control.token('write'))
  const both = control.client(await control.token('write,billing'))
  const asked = { tenant: 'acme', limits: ['tenant-minute=9'] }
  expect((await write.call('overrideTenant', asked)).limits).toEqual({ 'tenant-minute': 9 })
  const price = { tenant: 'acme', prices: ['fee={ model: flat, amount: "1.00" }'] }
  const refused = { code: 'insufficient-scope' }
  await expect(write.call('overrideTenant', price)).rejects.toMatchObject(refused)
  expect((await both.call('overrideTenant', price)).tenant_id).toBe('acme')
  for (const unset of [['fee'], ['all']])
    await expect(write.call('overrideTenant', { tenant: 'acme', unset })).rejects.toMatchObject(refused)
  const left = await write.call('overrideTenant', { tenant: 'acme', unset: ['tenant-minute'] })
  expect(left.limits).toEqual({})
})

test('who stops reading in the middle of a long answer is not written to any longer', async () => {
  let given = 0
  const ended = Promise.withResolvers<unknown>()
  const response = await jsonLines(async (each) => {
    try {
      for (;;) {
        given += 1
        await each({ text: 'x'.repeat(1_000) })
      }
    } catch (error) {
      ended.resolve(error)
      throw error
    }
  })
  const reader = response.body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(await ended.promise).toMatchObject({ name: 'AbortError' })
  expect(given).toBeLessThan(1_000)
})

test('a problem before the first line is answered as one', async () => {
  await expect(jsonLines(() => Promise.reject(new Error('no such figure')))).rejects.toThrow('no such figure')
  expect(await (await jsonLines(async () => {})).text()).toBe('')
})
