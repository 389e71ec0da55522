import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import buildConnector from 'undici/lib/core/connect.js'
import { expect, onTestFinished, test } from 'vitest'
import type { CallHandler } from '../../src/gateway/upstream-call.ts'
import { UpstreamPool } from '../../src/gateway/upstream-pool.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { until } from '../support/until.ts'

type Connector = buildConnector.connector

/** An upstream that answers when it is told to, and remembers by which connection each call came. */
class Holding {
  readonly server: Server
  readonly sockets: Socket[] = []
  /** Calls that have no answer yet, by their path, with the number of their connection. */
  readonly calls = new Map<string, { readonly line: number; readonly answer: () => void }>()
  readonly lines = new Map<string, number>()

  constructor() {
    this.server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const line = this.sockets.indexOf(request.socket)
      this.lines.set(request.url ?? '', line)
      this.calls.set(request.url ?? '', { line, answer: () => response.end('ok') })
    })
    this.server.on('connection', (socket) => this.sockets.push(socket))
  }

  static async start(): Promise<Holding> {
    const holding = new Holding()
    holding.server.listen(0, '127.0.0.1')
    await once(holding.server, 'listening')
    onTestFinished(() => {
      holding.server.closeAllConnections()
      holding.server.close()
    })
    return holding
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`)
  }

  get open(): number {
    return this.sockets.filter(({ destroyed }) => !destroyed).length
  }

  /** Waits until a call is there, answers it, and waits until the answer was taken. */
  async answer(...calls: Call[]): Promise<void> {
    for (const call of calls) {
      const held = await until(`${call.path} arrives`, () => this.calls.get(call.path))
      held.answer()
      await until(`${call.path} is answered`, () => call.outcome)
    }
  }
}

class Call implements CallHandler {
  readonly path: string
  isOver = false
  outcome: string | undefined

  constructor(path: string) {
    this.path = path
  }

  sendBy(pool: UpstreamPool): this {
    pool.dispatch({ method: 'GET', path: this.path, headers: [] }, this)
    return this
  }

  onRequestStart(): void {}
  onResponseStart(): void {}
  onResponseData(): void {}

  onResponseEnd(): void {
    this.outcome = 'answered'
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.failed(error)
  }

  failed(error: Error): void {
    this.outcome = 'code' in error ? String(error.code) : error.message
  }
}

async function scene(how: { connect?: (real: Connector) => Connector; connectionsMax?: number } = {}) {
  const upstream = await Holding.start()
  const real = buildConnector({ timeout: 5_000 })
  const clock = new ManualClock(0)
  const pool = new UpstreamPool({
    url: upstream.url,
    connect: how.connect?.(real) ?? real,
    connectionsMax: how.connectionsMax ?? null,
    clock,
  })
  onTestFinished(() => pool.destroy())
  return { upstream, pool, clock, call: (path: string) => new Call(path).sendBy(pool) }
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
  let made = 0
  // Only the first is ever made.
  const connect =
    (real: Connector): Connector =>
    (address, callback) => {
      made += 1
      if (made === 1) real(address, callback)
    }
  const { upstream, call } = await scene({ connect })
  const first = call('/1')
  await until('it is there', () => upstream.calls.get('/1'))
  const [second, third] = [call('/2'), call('/3')]
  await upstream.answer(first, second, third)
  expect([made, upstream.sockets.length]).toEqual([3, 1])
})

test('a connection that cannot be made fails one call, and no other', async () => {
  let made = 0
  const connect =
    (real: Connector): Connector =>
    (address, callback) => {
      made += 1
      if (made === 2) callback(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), null)
      else real(address, callback)
    }
  const { upstream, call } = await scene({ connect })
  const calls = [call('/1'), call('/2'), call('/3')]
  await until('one is refused', () => calls.some(({ outcome }) => outcome === 'ECONNREFUSED') || undefined)
  await upstream.answer(...calls.filter(({ outcome }) => outcome === undefined))
  expect(calls.map(({ outcome }) => outcome).sort()).toEqual(['ECONNREFUSED', 'answered', 'answered'])
})

test('there are never more connections than there may be; who waits is served in turn', async () => {
  const { upstream, call } = await scene({ connectionsMax: 2 })
  const calls = ['/1', '/2', '/3', '/4', '/5'].map(call)
  await upstream.answer(...calls)
  expect(upstream.sockets).toHaveLength(2)
})

test('a call that nobody waits for any more gets no connection', async () => {
  const { upstream, call } = await scene({ connectionsMax: 1 })
  const [one, gone, three] = ['/1', '/gone', '/3'].map(call)
  gone!.isOver = true
  await upstream.answer(one!, three!)
  expect(upstream.calls.has('/gone')).toBe(false)
})

test('a connection is used for a minute at most: then the name of the upstream is looked up again', async () => {
  const { upstream, clock, call } = await scene()
  await upstream.answer(call('/1'))
  clock.advance(29_999)
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
  await until('the old ones are closed', () => upstream.open === 1 || undefined)
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
  const calls = ['/1', '/2', '/3'].map(call)
  pool.close()
  await upstream.answer(...calls)
  await until('all are closed', () => upstream.open === 0 || undefined)
})

test('when it is destroyed, every call is told so, also those that come later', async () => {
  const { upstream, pool, call } = await scene({ connectionsMax: 1 })
  const calls = ['/1', '/2'].map(call)
  await until('one is there', () => upstream.calls.get('/1'))
  await pool.destroy()
  calls.push(call('/3'))
  expect(calls.map(({ outcome }) => outcome)).toEqual(['UND_ERR_CLOSED', 'UND_ERR_CLOSED', 'UND_ERR_CLOSED'])
  await until('all are closed', () => upstream.open === 0 || undefined)
})
