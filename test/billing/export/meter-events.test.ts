import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportMeterEvents, readEventNames } from '../../../src/billing/export/export-meter-events.ts'
import { type MeterEvent, meterEvents } from '../../../src/billing/export/meter-events.ts'
import { stripeFile } from '../../../src/billing/export/stripe-file.ts'
import { type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'
import { tempDir } from '../../support/temp-dir.ts'

const HOUR_MS = 3_600_000
const at = (hour: number, minute = 0) => MARCH_2026.startMs + hour * HOUR_MS + minute * 60_000
const NOW = Date.UTC(2026, 3, 1, 1)

let runs = 0
function ask(scene: InvoiceScene, more: object = {}) {
  runs += 1
  const request = {
    target: 'stripe',
    span: MARCH_2026,
    meters: ['calls'],
    again: false,
    nowMs: NOW,
    oldestMs: 0,
  }
  return meterEvents(scene.store, { ...request, batch: `run ${runs}`, ...more })
}

/** Asks, and says that all of it arrived. */
async function handOver(scene: InvoiceScene, more: object = {}): Promise<readonly MeterEvent[]> {
  const { events, done } = await ask(scene, more)
  await done()
  return events
}

const said = (events: readonly MeterEvent[]) =>
  events.map(({ atMs, value }) => [(atMs - at(0)) / HOUR_MS, value])

test('usage is one event for each tenant, meter and hour, and is handed over once', async () => {
  const scene = await invoiceScene({
    tenants: [{ externalId: 'cus_1' }],
    rollups: [
      { bucketMs: at(3), requests: 40, bytesSent: 7 },
      { bucketMs: at(3, 45), requests: 2, keyId: 'key_2', bytesSent: 0 },
      { bucketMs: at(4), requests: 5, bytesSent: 0 },
      { bucketMs: at(4), requests: 9, billable: false, statusClass: 5 },
      { bucketMs: MARCH_2026.endMs, requests: 100 },
    ],
  })
  const events = await handOver(scene)
  expect(said(events)).toEqual([
    [3, '42'],
    [4, '5'],
  ])
  expect(events[0]).toMatchObject({ tenantId: 'acme', customer: 'cus_1', meter: 'calls' })
  expect(events[0]?.identifier).toMatch(/^gz_[0-9a-f]{32}$/)
  expect(await handOver(scene)).toEqual([])
  expect(said(await handOver(scene, { meters: ['bytes_out'] }))).toEqual([[3, '7']])
})

test('an hour that changed since gets the difference, under another identifier', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: at(3), requests: 40 }] })
  const [first] = await handOver(scene)
  await scene.use({ bucketMs: at(3), requests: 2 })
  const [second] = await handOver(scene)
  await scene.use({ bucketMs: at(3), requests: -12 })
  const third = await handOver(scene)
  expect([second?.value, third[0]?.value]).toEqual(['2', '-12'])
  expect(new Set([first, second, third[0]].map((event) => event?.identifier)).size).toBe(3)
  expect(await handOver(scene)).toEqual([])
})

test('what a run that broke off had is in the next one, as it was', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: at(3), requests: 40 }] })
  const broken = await ask(scene)
  await scene.use({ bucketMs: at(3), requests: 1 })
  const next = await handOver(scene)
  expect(said(next)).toEqual([
    [3, '40'],
    [3, '1'],
  ])
  expect(next[0]).toEqual(broken.events[0])
})

test('again gives all of it, under the identifiers it had', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: at(3), requests: 40 }] })
  const first = await handOver(scene)
  await scene.use({ bucketMs: at(9), requests: 1 })
  const again = await handOver(scene, { again: true })
  expect(said(again)).toEqual([
    [3, '40'],
    [9, '1'],
  ])
  expect(again[0]).toEqual(first[0])
})

test('however often usage changes, is exported, or an export breaks off, the events add up to it', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('use' as const),
      hour: fc.nat(3),
      requests: fc.integer({ min: -3, max: 9 }),
    }),
    fc.record({ kind: fc.constantFrom('export' as const, 'broken' as const, 'again' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const scene = await invoiceScene({ rollups: [{ bucketMs: at(0), requests: 50 }] })
      const got = new Map<string, string>()
      let total = 50
      for (const each of steps) {
        if (each.kind === 'use') {
          await scene.use({ bucketMs: at(each.hour), requests: each.requests })
          total += each.requests
          continue
        }
        const { events, done } = await ask(scene, { again: each.kind === 'again' })
        if (each.kind !== 'broken') await done()
        for (const { identifier, value } of events) {
          expect(got.get(identifier) ?? value, 'an identifier never means two things').toBe(value)
          got.set(identifier, value)
        }
      }
      for (const { identifier, value } of await handOver(scene)) got.set(identifier, value)
      expect([...got.values()].reduce((sum, value) => sum + Number(value), 0)).toBe(total)
    }),
    { numRuns: 40 },
  )
})

test('where days begin on half an hour, an hour is still one event', async () => {
  const scene = await invoiceScene({
    rollups: [
      { bucketMs: at(18), requests: 4 },
      { bucketMs: at(18, 45), requests: 1 },
    ],
  })
  // A day of Kolkata begins at 18:30 UTC.
  const before = { startMs: at(-5.5), endMs: at(18.5) }
  const after = { startMs: at(18.5), endMs: at(42.5) }
  expect(said(await handOver(scene, { span: before }))).toEqual([[18, '5']])
  expect(await handOver(scene, { span: after })).toEqual([])
})

test('what is no whole number is refused: the meter is named', async () => {
  const scene = await invoiceScene({
    rollups: [{ bucketMs: at(3), requests: 1, quantities: { tokens: '0.5' } }],
  })
  await expect(ask(scene, { meters: ['tokens'] })).rejects.toMatchObject({
    code: 'invalid-parameter',
    message: expect.stringContaining('meter tokens has 0.5 of acme'),
  })
})

const EVENT = {
  identifier: 'gz_1',
  atMs: at(1),
  tenantId: 'acme',
  customer: 'cus_1',
  meter: 'calls',
  value: '47200',
}

test('Stripe gets its JSON lines and its CSV', () => {
  const eventNames = new Map([['calls', 'api_calls']])
  const other = {
    ...EVENT,
    identifier: 'gz_2',
    customer: null,
    tenantId: '-bolt',
    meter: 'units',
    value: '-3',
  }
  expect(stripeFile([EVENT, other], { format: 'stripe', eventNames })).toBe(
    '{"identifier":"gz_1","timestamp":1772326800,"event_name":"api_calls","payload":{"value":"47200","stripe_customer_id":"cus_1"}}\n' +
      '{"identifier":"gz_2","timestamp":1772326800,"event_name":"units","payload":{"value":"-3","stripe_customer_id":"-bolt"}}\n',
  )
  expect(stripeFile([EVENT, other], { format: 'stripe-csv', eventNames })).toBe(
    'timestamp,event_name,payload_stripe_customer_id,payload_value\r\n' +
      "1772326800,api_calls,cus_1,47200\r\n1772326800,units,'-bolt,-3\r\n",
  )
})

test('a file counts as handed over when it is there, a stream when all of it was read', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: at(3), requests: 40 }] })
  const write = async (to: string | Writable | null) => {
    const { done, ...taken } = await ask(scene)
    return exportMeterEvents({ ...taken, eventNames: [], nowMs: NOW }, { format: 'stripe', to, done })
  }
  const gone = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
  })
  gone.on('error', () => {})
  expect(await write(gone)).toMatchObject({ events: 1 })
  expect(await write(null)).toMatchObject({ events: 1, tooOld: [], unnamed: ['acme'] })
  const file = join(tempDir(), 'events.jsonl')
  await write(file)
  expect(readFileSync(file, 'utf8')).toContain('"value":"40"')
  expect(await write(file)).toMatchObject({ events: 0 })
})

test('what is too old for who gets it is never given, and named each time, whatever of it came late', async () => {
  const scene = await invoiceScene({
    rollups: [
      { bucketMs: at(3), requests: 40 },
      { bucketMs: at(4), requests: 2 },
      { bucketMs: at(5), requests: 7 },
    ],
  })
  const of = (hour: number) => ({ tenantId: 'acme', meter: 'calls', atMs: at(hour) })
  // A run that broke off: what it wrote down was not given.
  await ask(scene)
  const first = await ask(scene, { oldestMs: at(4, 30) })
  expect([said(first.events), first.tooOld]).toEqual([[[5, '7']], [of(3), of(4)]])
  await first.done()
  await scene.use({ bucketMs: at(3), requests: 1 }, { bucketMs: at(4), requests: -2 })
  const second = await ask(scene, { oldestMs: at(4, 30) })
  expect([said(second.events), second.tooOld]).toEqual([[], [of(3)]])
  const again = await ask(scene, { oldestMs: at(5, 1), again: true })
  expect([said(again.events), again.tooOld]).toEqual([[], [of(3), of(5)]])
})

test('what has more than 15 digits, all that Stripe takes in one, is as many events as it needs', async () => {
  const tokens = (amount: string) => ({
    ...{ bucketMs: at(3), requests: 1, quantities: { tokens: amount } },
  })
  const scene = await invoiceScene({ rollups: [tokens('2500000000000000')] })
  const first = await handOver(scene, { meters: ['tokens'] })
  expect(first.map(({ value }) => value)).toEqual(['999999999999999', '999999999999999', '500000000000002'])
  expect(new Set(first.map(({ identifier }) => identifier)).size).toBe(3)
  await scene.use(tokens('-2500000000000000'))
  const back = await handOver(scene, { meters: ['tokens'] })
  expect([...first, ...back].reduce((sum, { value }) => sum + BigInt(value), 0n)).toBe(0n)
  await scene.use(tokens('1000000000000000000'))
  await expect(ask(scene, { meters: ['tokens'] })).rejects.toMatchObject({
    message: expect.stringContaining('more than 1000 events of 15 digits'),
  })
})

test.each(['calls', 'calls=', 'tokens=x', 'calls=a=b', 'calls=a b'])(
  '--event-name %s is refused, with an example',
  (text) => {
    expect(() => readEventNames([text], ['calls'])).toThrow('calls=api_calls')
  },
)
