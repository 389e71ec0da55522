import buildConnector from 'undici/lib/core/connect.js'
import { expect, onTestFinished, test } from 'vitest'
import { UpstreamPool } from '../../src/gateway/upstream-pool.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { FAST_LANE } from '../support/fast-lane.ts'
import { Call, Holding } from '../support/holding-upstream.ts'
import { until } from '../support/until.ts'

type Connector = buildConnector.connector

interface How {
  /** What makes the nth connection, from 1, in place of the real thing. */
  readonly connect?: (nth: number, real: Connector) => Connector
  readonly connectionsMax?: number
}

async function scene({ connect = (_nth, real) => real, connectionsMax }: How = {}) {
  const upstream = await Holding.start()
  const real = buildConnector({ timeout: 5_000 })
  const clock = new ManualClock(0)
  let asked = 0
  const pool = new UpstreamPool({
    url: upstream.url,
    connect: (address, callback) => {
      asked += 1
      connect(asked, real)(address, callback)
    },
    connectionsMax: connectionsMax ?? null,
    fastLane: FAST_LANE,
    clock,
  })
  onTestFinished(() => pool.destroy())
  return {
    upstream,
    pool,
    clock,
    asked: () => asked,
    call: (path: string, caller?: string) => new Call(path, caller).sendBy(pool),
  }
}

test('calls at one time have a connection each; calls one after the other have the one used last', async () => {
  const { upstream, call } = await scene()
  const [one, two] = [call('/1'), call('/2')]
  await until('both are there', () => upstream.calls.size === 2 || undefined)
  await upstream.answer(one, two)
  for (const path of ['/3', '/4', '/5']) await upstream.answer(call(path))
  expect(upstream.sockets).toHaveLength(2)
  const line = upstream.lines.get('/2')
  expect(['/3', '/4', '/5'].map((path) => upstream.lines.get(path))).toEqual([line, line, line])
})

test('a call that waits for a new connection takes one that becomes free before it is there', async () => {
  const never: Connector = () => {}
  const { upstream, asked, call } = await scene({ connect: (nth, real) => (nth === 1 ? real : never) })
  const first = call('/1')
  await until('it is there', () => upstream.calls.get('/1'))
  const [second, third] = [call('/2'), call('/3')]
  await upstream.answer(first, second, third)
  expect([asked(), upstream.sockets.length]).toEqual([3, 1])
})

test('a connection that cannot be made fails one call, and no other', async () => {
  const refused: Connector = (_address, callback) =>
    callback(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), null)
  const { upstream, call } = await scene({ connect: (nth, real) => (nth === 2 ? refused : real) })
  const calls = [call('/1'), call('/2'), call('/3')]
  await until('one is refused', () => calls.some(({ outcome }) => outcome === 'ECONNREFUSED') || undefined)
  await upstream.answer(...calls.filter(({ outcome }) => outcome === undefined))
  expect(calls.map(({ outcome }) => outcome).sort()).toEqual(['ECONNREFUSED', 'answered', 'answered'])
})

test('there are never more connections than there may be; who waits is served in turn', async () => {
  const { upstream, call } = await scene({ connectionsMax: 2 })
  const calls = ['/1', '/2', '/3', '/4', '/5'].map((path) => call(path))
  await upstream.answer(...calls)
  expect(upstream.sockets).toHaveLength(2)
})

test('a caller who holds on to all connections he gets is behind those who have fewer', async () => {
  const { upstream, call } = await scene({ connectionsMax: 3 })
  const held = ['/a1', '/a2', '/a3'].map((path) => call(path, 'a'))
  await until('all are there', () => upstream.calls.size === 3 || undefined)
  const more = ['/a4', '/a5'].map((path) => call(path, 'a'))
  const others = [call('/b1', 'b'), call('/c1', 'c'), call('/b2', 'b')]
  await upstream.answer(held[0]!, ...others)
  await until('the first has one again', () => upstream.calls.get('/a4'))
  // c had none when b had been served once.
  expect([...upstream.lines.keys()].slice(3)).toEqual(['/b1', '/c1', '/b2', '/a4'])
  await upstream.answer(held[1]!, held[2]!, ...more)
})

test('a call that nobody waits for any more gets no connection', async () => {
  const { upstream, call } = await scene({ connectionsMax: 1 })
  const [one, gone, three] = ['/1', '/gone', '/3'].map((path) => call(path))
  gone!.isOver = true
  await upstream.answer(one!, three!)
  expect(upstream.calls.has('/gone')).toBe(false)
})

test('a connection is used for a minute at most: then the name of the upstream is looked up again', async () => {
  const { upstream, clock, call } = await scene()
  await upstream.answer(call('/1'))
  // Never without a call for so long that it would be closed for that.
  for (let second = 1; second < 30; second += 1) {
    clock.advance(1_000)
    await upstream.answer(call(`/1/${second}`))
  }
  clock.advance(999)
  await upstream.answer(call('/2'))
  expect(upstream.sockets).toHaveLength(1)
  clock.advance(30_001)
  await upstream.answer(call('/3'))
  const last = call('/4')
  await until('it is there', () => upstream.calls.get('/4'))
  clock.advance(60_000)
  // It ends behind the call that it is too old after.
  await upstream.answer(last)
  await upstream.answer(call('/5'))
  expect(['/2', '/3', '/4', '/5'].map((path) => upstream.lines.get(path))).toEqual([0, 1, 1, 2])
  await until('the old ones are closed', () => upstream.open === 1 || undefined, 1_000)
})

test('a connection that the upstream closed is replaced', async () => {
  const { upstream, call } = await scene()
  await upstream.answer(call('/1'))
  upstream.sockets[0]!.destroy()
  await upstream.answer(call('/2'))
  const cut = call('/cut')
  await until('it is there', () => upstream.calls.get('/cut'))
  upstream.sockets[1]!.destroy()
  await until('it fails', () => cut.outcome)
  await upstream.answer(call('/3'))
  expect([cut.outcome, upstream.sockets.length]).toEqual(['UND_ERR_SOCKET', 3])
})

test('when it is closed, calls that were taken are answered, then nothing is left open', async () => {
  const { upstream, pool, call } = await scene({ connectionsMax: 2 })
  await upstream.answer(call('/0'))
  const calls = ['/1', '/2', '/3'].map((path) => call(path))
  pool.close()
  await upstream.answer(...calls)
  await until('all are closed', () => upstream.open === 0 || undefined, 1_000)
})

test('when it is destroyed, every call is told so, also those that come later', async () => {
  const { upstream, pool, call } = await scene({ connectionsMax: 1 })
  const calls = ['/1', '/2'].map((path) => call(path))
  await until('one is there', () => upstream.calls.get('/1'))
  await pool.destroy()
  calls.push(call('/3'))
  expect(calls.map(({ outcome }) => outcome)).toEqual(['UND_ERR_CLOSED', 'UND_ERR_CLOSED', 'UND_ERR_CLOSED'])
  await until('all are closed', () => upstream.open === 0 || undefined, 1_000)
})
