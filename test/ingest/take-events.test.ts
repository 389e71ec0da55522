import { beforeEach, describe, expect, test } from 'vitest'
import { copyEvents } from '../../src/ingest/copy-events.ts'
import type { EventSender } from '../../src/ingest/place-event.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { NOON, storesIn, tenant } from '../support/control-store.ts'
import { codes, eventScene, HOUR } from '../support/event-scene.ts'
import { eventMeter } from '../support/incoming-events.ts'

const OWN_KEY: EventSender = { kind: 'tenant', tenantId: 'acme', keyId: 'key_1', billed: true }

let scene: Awaited<ReturnType<typeof eventScene>>

beforeEach(async () => {
  scene = await eventScene()
})

describe('an event', () => {
  test('counts once; the same again is told what it counted as, another under its id is a conflict', async () => {
    const [first] = await scene.take([{}])
    expect(first).toMatchObject({
      kind: 'counted',
      isNew: true,
      taken: { tenantId: 'acme', source: '', id: 'txn_009912', matched: ['compute_ms'], late: false },
    })
    scene.clock.advance(HOUR)
    const [again] = await scene.take([{ value: '145.0' }])
    expect(again).toEqual({ ...first, isNew: false })
    expect(codes(await scene.take([{ value: 146 }]))).toEqual(['idempotency-conflict'])
    expect(await scene.rollups()).toMatchObject([
      { tenantId: 'acme', requests: 0, quantities: { compute_ms: '145' } },
    ])
    expect(await scene.listed()).toMatchObject([
      { reason: 'idempotency-conflict', tenant: 'acme', id: 'txn_009912' },
    ])
  })

  test('is no request: it adds to its meters and to nothing else', async () => {
    await scene.take([{}, { idempotency_key: 'b', metric: 'images', value: undefined }])
    expect(await scene.rollups()).toMatchObject([
      {
        ...{ requests: 0, refused: 0, usageUnits: 0, bytesSent: 0, bytesReceived: 0, durationMs: 0 },
        ...{ apiId: '', routeId: '', statusClass: 0, billable: true },
        quantities: { compute_ms: '145', images: '1' },
      },
    ])
  })

  test('has the dimensions of its properties, as many values as one tenant may have', async () => {
    const declared = [{ id: 'model', from: 'event', name: 'engine', maxValues: 2 }] as const
    const by = scene.taker({ dimensions: () => declared })
    const event = (idempotency_key: string, engine: unknown) => ({ idempotency_key, properties: { engine } })
    await scene.take([event('a', 'large'), event('b', 7), event('c', ' large '), event('d', ['no'])], { by })
    await scene.take([event('e', 'tiny'), event('f', '7')], { by })
    const counted = (await scene.rollups()).map(({ dimensions, quantities }) => [
      dimensions,
      quantities.compute_ms,
    ])
    expect(new Map(counted.map(([of, sum]) => [JSON.stringify(of), sum]))).toEqual(
      new Map([
        ['{"model":"large"}', '290'],
        ['{"model":"7"}', '290'],
        ['{"model":"(other)"}', '145'],
        ['{}', '145'],
      ]),
    )
  })

  test('belongs to the plan of the moment it happened', async () => {
    const at = (ms: number) => new Date(ms).toISOString()
    scene.clock.advance(2 * HOUR)
    await scene.take([
      { idempotency_key: 'a', timestamp: at(NOON) },
      { idempotency_key: 'b', timestamp: at(NOON + HOUR) },
      { idempotency_key: 'c', timestamp: at(NOON - 1) },
      { idempotency_key: 'd' },
    ])
    const plans = (await scene.rollups()).map(({ bucketMs, planId, subscriptionId }) => [
      ...[(bucketMs - NOON) / HOUR, planId, subscriptionId],
    ])
    expect(plans).toEqual([
      [-0.25, '', ''],
      [0, 'free', 'sub_1'],
      [1, 'pro', 'sub_2'],
      [2, 'pro', 'sub_2'],
    ])
  })

  test.each([
    { aheadMs: 5 * 60_000, code: 'counted true', late: false, why: 'a clock that is a little wrong' },
    { aheadMs: 5 * 60_000 + 1, code: 'invalid-event', late: undefined, why: 'nothing has happened yet' },
    { aheadMs: -24 * HOUR, code: 'counted true', late: false, why: 'a day is not late' },
    { aheadMs: -24 * HOUR - 1, code: 'counted true', late: true, why: 'more than a day is' },
    { aheadMs: -20 * 365 * 24 * HOUR, code: 'counted true', late: true, why: 'however late' },
  ])('$aheadMs ms ahead is $code: $why', async ({ aheadMs, code, late }) => {
    const outcomes = await scene.take([{ timestamp: new Date(NOON + aheadMs).toISOString() }])
    expect(codes(outcomes)).toEqual([code])
    if (late !== undefined) expect(outcomes).toMatchObject([{ taken: { late } }])
  })

  test('of a closed period counts when it happened, and says that an invoice has yet to adjust it', async () => {
    const period = { startMs: NOON - 24 * HOUR, endMs: NOON, closedAtMs: NOON, seals: '' }
    await scene.store.invoices.closePeriod(period)
    const at = (ms: number) => new Date(ms).toISOString()
    const outcomes = await scene.take([
      { idempotency_key: 'a', timestamp: at(NOON - HOUR) },
      { idempotency_key: 'b', timestamp: at(NOON - 24 * HOUR - 1) },
      { idempotency_key: 'c', timestamp: at(NOON) },
      { idempotency_key: 'd' },
    ])
    const flags = outcomes.map((outcome) => outcome.kind === 'counted' && outcome.taken.adjustment)
    expect(flags).toEqual([true, false, false, false])
    const hours = (await scene.rollups()).map(({ bucketMs }) => (bucketMs - NOON) / HOUR)
    expect(hours).toEqual([-24.25, -1, 0])
  })

  test('of a tenant is found by the id another system has for it; it is one and the same tenant', async () => {
    expect(codes(await scene.take([{ tenant_id: 'cus_1' }, {}]))).toEqual(['counted true', 'counted false'])
  })

  test('has its id for one tenant and one source: others may use the same', async () => {
    const outcomes = await scene.take([{}, { tenant_id: 'bolt', value: 1 }, { source: 'svc', value: 2 }])
    expect(codes(outcomes)).toEqual(['counted true', 'counted true', 'counted true'])
  })

  test('that says several things at once is decided by what came first, here or ever', async () => {
    expect(codes(await scene.take([{ value: 1 }, { value: 2 }, { value: 1 }]))).toEqual([
      'counted true',
      'idempotency-conflict',
      'counted false',
    ])
    expect(codes(await scene.take([{ value: 2 }, { value: 1 }]))).toEqual([
      'idempotency-conflict',
      'counted false',
    ])
    expect((await scene.listed()).map(({ times }) => times)).toEqual([2])
  })

  test('that could not be read does not hold up those beside it', async () => {
    const outcomes = await scene.take([
      { idempotency_key: undefined },
      {},
      { value: 'x', idempotency_key: 'c' },
    ])
    expect(codes(outcomes)).toEqual(['invalid-event', 'counted true', 'invalid-event'])
    expect(await scene.listed()).toEqual([])
  })
})

describe('a key of a tenant', () => {
  test('reports for its own tenant, which it need not name', async () => {
    const outcomes = await scene.take([{ tenant_id: undefined }, { tenant_id: 'cus_1' }], { sender: OWN_KEY })
    expect(codes(outcomes)).toEqual(['counted true', 'counted false'])
    expect(await scene.rollups()).toMatchObject([{ tenantId: 'acme', keyId: 'key_1', billable: true }])
  })

  test.each(['bolt', 'nobody'])('never for %s, whoever that is, and leaves no trace of it', async (name) => {
    expect(codes(await scene.take([{ tenant_id: name }], { sender: OWN_KEY }))).toEqual(['foreign-tenant'])
    expect(await scene.rollups()).toEqual([])
    expect(await scene.listed()).toEqual([])
  })

  test('that is a test key reports what is logged and never billed', async () => {
    await scene.take([{}], { sender: { ...OWN_KEY, billed: false } })
    expect(await scene.rollups()).toMatchObject([{ billable: false, quantities: { compute_ms: '145' } }])
  })
})

describe('what cannot be counted', () => {
  test('for want of a tenant is refused and kept; once there is one, sending it again counts it', async () => {
    const event = { tenant_id: 'new', idempotency_key: 'a' }
    expect(codes(await scene.take([event, event]))).toEqual(['unknown-tenant', 'unknown-tenant'])
    expect(await scene.listed()).toMatchObject([{ tenant: 'new', reason: 'unknown-tenant', times: 2 }])
    const by = scene.taker()
    expect(codes(await scene.take([event], { by }))).toEqual(['unknown-tenant'])
    await scene.store.tenants.insert(tenant({ id: 'new' }))
    await scene.store.changes.insert('tenant:new', NOON)
    expect(codes(await scene.take([event], { by }))).toEqual(['counted true'])
    expect(await scene.listed()).toEqual([])
  })

  test('of a deleted tenant is kept like that of none', async () => {
    await scene.store.tenants.setState('bolt', 'deleted')
    expect(codes(await scene.take([{ tenant_id: 'bolt' }]))).toEqual(['unknown-tenant'])
  })

  test('for want of a meter is kept, once; another under its id is a conflict; a meter makes it count', async () => {
    const event = { metric: 'nothing' }
    expect(codes(await scene.take([event, event]))).toEqual(['unmatched true', 'unmatched false'])
    expect(codes(await scene.take([event]))).toEqual(['unmatched false'])
    expect(codes(await scene.take([{ metric: 'nothing', value: 1 }]))).toEqual(['idempotency-conflict'])
    expect(codes(await scene.take([{}]))).toEqual(['idempotency-conflict'])
    expect((await scene.listed()).map(({ reason }) => reason).sort()).toEqual([
      ...['idempotency-conflict', 'idempotency-conflict', 'no-meter'],
    ])
    expect(await scene.rollups()).toEqual([])
    const meters = [eventMeter('nothing')]
    expect(codes(await scene.take([event, event], { meters }))).toEqual(['counted true', 'counted false'])
    expect((await scene.listed()).map(({ reason }) => reason)).toEqual([
      'idempotency-conflict',
      'idempotency-conflict',
    ])
  })

  test('a thousand of a tenant are kept that its own keys sent; those beyond are refused, and never lost in silence', async () => {
    const lost = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ metric: 'nobody', idempotency_key: `k${from + at}` }))
    await scene.take(lost(0, 999), { sender: OWN_KEY })
    const more = [...lost(999, 2), ...lost(1_000, 1), {}, { value: 9 }]
    expect(codes(await scene.take(more, { sender: OWN_KEY }))).toEqual([
      ...['unmatched true', 'invalid-event', 'invalid-event', 'counted true', 'idempotency-conflict'],
    ])
    expect(await scene.listed()).toHaveLength(1_000)
    // What is kept is known, and another tenant and the operator have room.
    expect(codes(await scene.take(lost(0, 1), { sender: OWN_KEY }))).toEqual(['unmatched false'])
    expect(codes(await scene.take(lost(2_000, 2)))).toEqual(['unmatched true', 'unmatched true'])
  })

  test('because its meter is gone is still what it was when it counted', async () => {
    await scene.take([{}])
    expect(codes(await scene.take([{}, { value: 1 }], { meters: [] }))).toEqual([
      'counted false',
      'idempotency-conflict',
    ])
  })
})

describe('a failure', () => {
  test('leaves nothing behind, and the same events count when they are sent again', async () => {
    const broken = scene.taker({
      store: {
        ...scene.store,
        transaction: (work) =>
          scene.store.transaction(async (tables) => {
            await work(tables)
            throw new Error('the power went')
          }),
      },
    })
    const events = [{}, { metric: 'nothing', idempotency_key: 'b' }, { tenant_id: 'nobody' }]
    await expect(scene.take(events, { by: broken })).rejects.toThrow('the power went')
    expect([
      await scene.rollups(),
      await scene.listed(),
      await scene.store.events.batchesAfter(0, 10),
    ]).toEqual([[], [], []])
    expect(codes(await scene.take(events))).toEqual(['counted true', 'unmatched true', 'unknown-tenant'])
  })
})

test('what counts is in the usage log as well, once, under the id its sender was told', async () => {
  const usageLog = await openUsageLog(storesIn(scene.folder))
  const [first] = await scene.take([{}, { idempotency_key: 'b', value: '0.000000000000001' }])
  expect(await copyEvents({ store: scene.store, usageLog })).toBe(2)
  await scene.take([{ idempotency_key: 'c' }, {}])
  const copied = await Promise.all([
    copyEvents({ store: scene.store, usageLog }),
    copyEvents({ store: scene.store, usageLog }),
  ])
  expect(Math.max(...copied)).toBe(1)
  const events = (await Array.fromAsync(usageLog.events({}))).sort((one, other) => one.seq - other.seq)
  expect(
    events.map(({ requestId, seq, quantities, count, source }) => [
      requestId,
      seq,
      quantities,
      count,
      source,
    ]),
  ).toEqual([
    ['txn_009912', 1, { compute_ms: '145' }, 0, 'api'],
    ['b', 2, { compute_ms: '0.000000000000001' }, 0, 'api'],
    ['c', 3, { compute_ms: '145' }, 0, 'api'],
  ])
  expect(first).toMatchObject({ taken: { eventId: events[0]!.id } })
  expect(await Array.fromAsync(usageLog.admissions(0, 1))).toEqual([])
  expect(await scene.store.events.batchesAfter(0, 10)).toEqual([])
  await usageLog[Symbol.asyncDispose]()
})
