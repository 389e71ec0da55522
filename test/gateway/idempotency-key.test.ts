import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { UsageEvent } from '../../src/model/event.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const IDEMPOTENCY = { keepMs: 60_000, bodyBytesMax: 100, answerBytesMax: 1_000 }

const answer = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nX-Made: ${body}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** A gateway that keeps answers, before an upstream that answers as `status` says, each time with another body. */
async function scene(status: () => string = () => '201 Created') {
  let made = 0
  const upstream = await RawUpstream.start((socket) => {
    made += 1
    socket.write(answer(status(), `order-${made}`))
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency: IDEMPOTENCY } })
  const client = await RawClient.connect(gateway.port)
  return {
    gateway,
    upstream,
    send: (key: string, body = 'a', method = 'POST') => client.call(order(gateway, key, body, method)),
  }
}

const order = ({ secret }: TestGateway, key: string, body = 'a', method = 'POST') => ({
  method,
  path: '/v1/orders',
  headers: { 'x-api-key': secret, 'idempotency-key': key },
  body: Buffer.from(body),
})

/** Who comes while the key is not given back yet is refused, which has an event as well. */
const notRefused = (events: readonly UsageEvent[]) => events.filter(({ outcome }) => outcome !== 'refused')

/** As bytes, for a client that leaves. */
const written = ({ secret }: TestGateway, key: string) =>
  `POST /v1/orders HTTP/1.1\r\nHost: a\r\nx-api-key: ${secret}\r\nIdempotency-Key: ${key}\r\nContent-Length: 1\r\n\r\na`

/** A gateway that keeps long answers, too, before an upstream that answers by `respond`. */
async function billedScene(respond: (socket: Socket) => void) {
  const upstream = await RawUpstream.start(respond)
  const idempotency = { ...IDEMPOTENCY, answerBytesMax: 1_000_000 }
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency } })
  const sendUntilTaken = (key: string) =>
    until('the key is given back', async () => {
      const client = await RawClient.connect(gateway.port)
      const found = await client.call(order(gateway, key))
      client.destroy()
      return found.status === 409 ? undefined : found
    })
  return { gateway, upstream, sendUntilTaken }
}

describe('a call that is sent again with its Idempotency-Key', () => {
  test('is answered as the first time, reaches the upstream once and is billed once', async () => {
    const { gateway, upstream, send } = await scene()
    const first = await send('k1')
    const again = await send('k1')
    expect([first.status, first.body.toString()]).toEqual([201, 'order-1'])
    expect([again.status, again.body.toString()]).toEqual([201, 'order-1'])
    expect([again.headers.get('x-made'), again.headers.get('idempotent-replayed')]).toEqual([
      'order-1',
      'true',
    ])
    expect(first.headers.get('idempotent-replayed')).toBeUndefined()
    expect(again.headers.get('gatez-event-id')).toBe(first.headers.get('gatez-event-id'))
    expect(again.headers.get('x-request-id')).toBe(first.headers.get('x-request-id'))
    expect(upstream.heads).toHaveLength(1)
    expect(await gateway.events()).toMatchObject([
      { billable: true, id: first.headers.get('gatez-event-id') },
    ])
  })

  test('with another key, or by a method that may be repeated anyway, is a call of its own', async () => {
    const { upstream, send } = await scene()
    const bodies = [
      await send('k1'),
      await send('k2'),
      await send('k1', '', 'GET'),
      await send('k1', '', 'GET'),
    ]
    expect(bodies.map(({ body }) => body.toString())).toEqual(['order-1', 'order-2', 'order-3', 'order-4'])
    expect(upstream.heads).toHaveLength(4)
  })

  test('while the first one is under way gets 409 idempotency-in-progress, and its answer later', async () => {
    const begun = Promise.withResolvers<Socket>()
    const upstream = await RawUpstream.start((socket) => begun.resolve(socket))
    const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency: IDEMPOTENCY } })
    const [one, other] = [await RawClient.connect(gateway.port), await RawClient.connect(gateway.port)]
    const first = one.call(order(gateway, 'k1'))
    const socket = await begun.promise
    const early = await other.call(order(gateway, 'k1'))
    expect([early.status, early.headers.get('retry-after')]).toEqual([409, '1'])
    expect(JSON.parse(early.body.toString())).toMatchObject({ code: 'idempotency-in-progress' })
    socket.write(answer('200 OK', 'done'))
    expect((await first).status).toBe(200)
    expect((await other.call(order(gateway, 'k1'))).body.toString()).toBe('done')
  })

  test('while the first one takes longer than its answer is kept is not done a second time', async () => {
    const begun = Promise.withResolvers<Socket>()
    const upstream = await RawUpstream.start((socket) => begun.resolve(socket))
    const idempotency = { ...IDEMPOTENCY, keepMs: 1_000 }
    const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency } })
    const [one, other] = [await RawClient.connect(gateway.port), await RawClient.connect(gateway.port)]
    const first = one.call(order(gateway, 'k1'))
    const socket = await begun.promise
    gateway.clock.advance(2_000)
    expect((await other.call(order(gateway, 'k1'))).status).toBe(409)
    socket.write(answer('200 OK', 'done'))
    expect((await first).status).toBe(200)
    expect((await other.call(order(gateway, 'k1'))).body.toString()).toBe('done')
    expect(upstream.heads).toHaveLength(1)
    expect((await gateway.events()).filter(({ billable }) => billable)).toHaveLength(1)
  })

  test('with another body gets 422 idempotency-mismatch', async () => {
    const { send, upstream } = await scene()
    await send('k1', 'a')
    const other = await send('k1', 'b')
    expect(other.status).toBe(422)
    expect(JSON.parse(other.body.toString())).toMatchObject({ code: 'idempotency-mismatch' })
    expect(upstream.heads).toHaveLength(1)
  })

  test('after a failure is a new call: what may go better next time is not kept', async () => {
    const statuses = ['503 Service Unavailable', '200 OK']
    const { send } = await scene(() => statuses.shift() ?? '500 No')
    expect((await send('k1')).status).toBe(503)
    expect((await send('k1')).body.toString()).toBe('order-2')
    expect((await send('k1')).body.toString()).toBe('order-2')
  })

  test('after its time is a new call', async () => {
    const { gateway, send } = await scene()
    await send('k1')
    gateway.clock.advance(IDEMPOTENCY.keepMs + 1)
    expect((await send('k1')).body.toString()).toBe('order-2')
  })

  test('after its client left is answered from what came of it, and billed once', async () => {
    const begun = Promise.withResolvers<Socket>()
    const upstream = await RawUpstream.start((socket) => begun.resolve(socket))
    const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency: IDEMPOTENCY } })
    const client = await RawClient.connect(gateway.port)
    const left = client.call(order(gateway, 'k1')).catch(() => 'left')
    const socket = await begun.promise
    client.destroy()
    expect(await left).toBe('left')
    socket.write(answer('200 OK', 'done'))
    const next = await RawClient.connect(gateway.port)
    const again = await until('its answer is kept', async () => {
      const found = await next.call(order(gateway, 'k1'))
      return found.status === 409 ? undefined : found
    })
    expect([again.status, again.body.toString()]).toEqual([200, 'done'])
    expect(upstream.heads).toHaveLength(1)
    const billed = (await gateway.events()).filter(({ billable }) => billable)
    expect(billed).toMatchObject([{ count: 1 }])
  })
})

describe('a call that broke off when it was on the bill', () => {
  test.each(['201 Created', '503 Service Unavailable'])(
    'because its client left a gateway that drains is done again and not billed again, also behind a %s',
    async (second) => {
      const answers = [
        `HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf`,
        answer(second, 'no'),
        answer('200 OK', 'done'),
      ]
      const { gateway, upstream, sendUntilTaken } = await billedScene((socket) =>
        socket.write(answers.shift() ?? ''),
      )
      const client = await RawSocket.connect(gateway.port)
      client.send(written(gateway, 'k1'))
      await client.sees(/half$/)
      gateway.pipeline.startDraining(60_000)
      client.socket.destroy()
      await until('the first call is over', () => (gateway.pending() === 0 ? true : undefined))
      expect((await sendUntilTaken('k1')).status).toBe(Number.parseInt(second, 10))
      if (second !== '201 Created') expect((await sendUntilTaken('k1')).body.toString()).toBe('done')
      const events = notRefused(await gateway.calls())
      expect(events[0]).toMatchObject({ outcome: 'client_aborted', billable: true, count: 1 })
      expect(events.slice(1).map(({ billable, refusal }) => [billable, refusal])).toEqual(
        upstream.heads.slice(1).map(() => [false, 'billed-before']),
      )
      expect(upstream.heads).toHaveLength(second === '201 Created' ? 2 : 3)
    },
  )

  test('because its upstream broke off behind a part of it is done again and not billed again', async () => {
    const sockets: Socket[] = []
    const { gateway, sendUntilTaken } = await billedScene((socket) => {
      sockets.push(socket)
      const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
      socket.write(sockets.length === 1 ? stream + 'data: x\n\n'.repeat(10_000) : answer('200 OK', 'done'))
    })
    const client = await RawSocket.connect(gateway.port)
    client.send(written(gateway, 'k1'))
    await until('a part of it is billed', async () => (await gateway.events())[0])
    sockets[0]?.resetAndDestroy()
    await client.sawEnd()
    expect((await sendUntilTaken('k1')).body.toString()).toBe('done')
    expect((await sendUntilTaken('k1')).headers.get('idempotent-replayed')).toBe('true')
    const events = notRefused(await gateway.events())
    expect(events.map(({ outcome, count, billable }) => [outcome, count, billable])).toEqual([
      ['open', 1, true],
      ['upstream_truncated', 0, false],
      ['ok', 1, false],
    ])
  })
})

describe('a call whose Idempotency-Key cannot be honoured', () => {
  test.each(['', 'with blank', 'x'.repeat(256), 'ü'])('%j gets 400 invalid-idempotency-key', async (key) => {
    const { upstream, send } = await scene()
    const { status, body } = await send(key)
    expect(status).toBe(400)
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'invalid-idempotency-key' })
    expect(upstream.heads).toEqual([])
  })

  test('because its body is too large gets 413 with the bound', async () => {
    const { send } = await scene()
    const { status, body } = await send('k1', 'x'.repeat(101))
    expect(status).toBe(413)
    expect(JSON.parse(body.toString()).detail).toContain('at most 100 bytes')
  })
})

test('an answer larger than what is kept passes whole, and is a new call each time', async () => {
  let made = 0
  const upstream = await RawUpstream.start((socket) => {
    made += 1
    socket.write(answer('200 OK', String(made).repeat(2_000)))
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idempotency: IDEMPOTENCY } })
  const client = await RawClient.connect(gateway.port)
  expect((await client.call(order(gateway, 'k1'))).body.toString()).toBe('1'.repeat(2_000))
  expect((await client.call(order(gateway, 'k1'))).body.toString()).toBe('2'.repeat(2_000))
})
