import { createServer } from 'node:net'
import { listen } from './listen.ts'
import {
  answerOf,
  ask,
  becomes,
  heardOf,
  PATIENCE_MS,
  type Probe,
  quote,
  ScriptedUpstream,
  tell,
  unlike,
} from './probe-kit.ts'
import { Wire } from './wire.ts'

/** What happens on connections: in which order, how long, and whose bytes they are. */
export const CONNECTION_PROBES: readonly Probe[] = [
  {
    name: 'unsolicited bytes of an upstream',
    promise: 'bytes that no request asked for reach no client',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start(({ target }, socket) => socket.write(answerOf(target)))
      const proxy = await start(upstream.port)
      for (let call = 1; call <= 5; call += 1) {
        const heard = await tell(proxy.port, ask(proxy, `GET /${call} HTTP/1.1`, 'Connection: close'))
        const wrong = unlike(heard, 200, `/${call}`)
        if (wrong !== undefined) return wrong
        for (const socket of upstream.sockets) socket.write(answerOf('poison'))
      }
      return undefined
    },
  },
  {
    name: 'pipelining',
    promise: 'answers come in the order of their requests, however long each takes',
    run: async (start) => {
      let slow = (): void => {}
      const upstream = await ScriptedUpstream.start(({ target }, socket) => {
        if (target === '/slow') slow = () => socket.write(answerOf('slow'))
        else socket.write(answerOf(target.slice(1)))
      })
      const proxy = await start(upstream.port)
      const wire = new Wire(proxy.port)
      for (const path of ['slow', 'two', 'three']) wire.send(ask(proxy, `GET /${path} HTTP/1.1`))
      await becomes(() => upstream.requests.length === 3, 200)
      await becomes(() => wire.received !== '', 100)
      slow()
      const isAll = () => heardOf(wire, []).finals.length === 3
      await becomes(isAll)
      wire.destroy()
      const bodies = heardOf(wire, []).finals.map((final) => final.body)
      return bodies.join() === 'slow,two,three' ? undefined : `they came as ${bodies}`
    },
  },
  {
    name: 'a client that leaves',
    promise: 'the call at the upstream is over within 500 ms',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start((_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      })
      const proxy = await start(upstream.port)
      const wire = new Wire(proxy.port)
      wire.send(ask(proxy, 'GET /a HTTP/1.1'))
      await becomes(() => upstream.requests.length === 1 && wire.received.includes('half'))
      if (upstream.requests.length !== 1) return 'the request did not arrive'
      wire.destroy()
      return (await becomes(() => upstream.sockets.size === 0, 500)) ? undefined : 'the upstream still works'
    },
  },
  {
    name: 'an expectation',
    promise: 'Expect: 100-continue is answered with 100, and the body that follows arrives',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start(({ body }, socket) => socket.write(answerOf(body)))
      const proxy = await start(upstream.port)
      const wire = new Wire(proxy.port)
      wire.send(ask(proxy, 'POST /a HTTP/1.1', 'Content-Length: 5', 'Expect: 100-continue'))
      await wire.sees((received) => received.startsWith('HTTP/1.1 100 '), PATIENCE_MS)
      if (!wire.received.startsWith('HTTP/1.1 100 ')) return `instead ${quote(wire.received)}`
      wire.send('hello')
      await wire.sees((received) => received.endsWith('hello'), PATIENCE_MS)
      wire.destroy()
      return unlike(heardOf(wire, ['POST']), 200, 'hello')
    },
  },
  {
    name: 'a switch that is not made',
    promise: 'no byte behind a wish to switch reaches the upstream before it agreed',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('no switch'))
      const proxy = await start(upstream.port)
      const fields = [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: a',
      ]
      const wire = new Wire(proxy.port)
      wire.send(`${ask(proxy, 'GET /a HTTP/1.1', ...fields)}${ask(proxy, 'GET /canary HTTP/1.1')}`)
      await wire.sees((received) => received.includes('no switch'), PATIENCE_MS)
      wire.send(ask(proxy, 'GET /canary HTTP/1.1'))
      await wire.seesEnd(PATIENCE_MS)
      wire.destroy()
      if (upstream.received.includes('canary')) return `the upstream got ${quote(upstream.received)}`
      return (
        unlike(heardOf(wire, ['GET']), 200, 'no switch') ??
        (wire.ended ? undefined : 'the connection stays open')
      )
    },
  },
  {
    name: 'a refused request with a request for a body',
    promise: 'the body of a request that is refused is never run as a request',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      const canary = ask(proxy, 'GET /canary HTTP/1.1')
      const inChunks = `Transfer-Encoding: chunked\r\n\r\n${canary.length.toString(16)}\r\n${canary}\r\n0\r\n\r\n`
      for (const rest of [`Content-Length: ${canary.length}\r\n\r\n${canary}`, inChunks]) {
        const wire = new Wire(proxy.port)
        wire.send(
          `POST /a HTTP/1.1\r\nHost: a\r\n${rest}${ask(proxy, 'GET /b HTTP/1.1', 'Connection: close')}`,
        )
        await wire.seesEnd(PATIENCE_MS)
        wire.destroy()
        if (upstream.received.includes('canary')) return quote(upstream.received)
        if (heardOf(wire, ['POST', 'GET']).first?.status !== 401) return `not 401: ${quote(wire.received)}`
      }
      return undefined
    },
  },
  {
    name: 'what comes behind Connection: close',
    promise: 'a request behind one that ends its connection is not run',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      const wire = new Wire(proxy.port)
      wire.send(ask(proxy, 'GET /a HTTP/1.1', 'Connection: close') + ask(proxy, 'GET /canary HTTP/1.1'))
      await wire.seesEnd(PATIENCE_MS)
      wire.destroy()
      return upstream.received.includes('canary') ? quote(upstream.received) : undefined
    },
  },
  {
    name: 'an answer that comes before the upload ended',
    promise: 'it reaches the client whole, and the connection ends with it',
    run: async (start) => {
      const port = await listen(
        createServer((socket) => {
          socket.once('data', () => socket.write(answerOf('no more', 'Connection: close')))
        }),
      )
      const proxy = await start(port)
      const wire = new Wire(proxy.port)
      wire.send(`${ask(proxy, 'POST /a HTTP/1.1', 'Content-Length: 1000000')}some`)
      await wire.seesEnd(PATIENCE_MS)
      wire.destroy()
      const heard = heardOf(wire, ['POST'])
      return unlike(heard, 200, 'no more') ?? (heard.ended ? undefined : 'the connection stays open')
    },
  },
  {
    name: 'an upstream that never answers',
    promise: 'it is 504 in time',
    run: async (start) => {
      const proxy = await start((await ScriptedUpstream.start(() => {})).port)
      return unlike(await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1')), 504)
    },
  },
  {
    name: 'an upstream that hangs up',
    promise: 'it is 502',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start((_request, socket) => socket.destroy())
      const proxy = await start(upstream.port)
      return unlike(await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1')), 502)
    },
  },
  {
    name: 'no upstream',
    promise: 'it is 502',
    run: async (start) => {
      // Nothing listens on port 1.
      const proxy = await start(1)
      return unlike(await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1')), 502)
    },
  },
]
