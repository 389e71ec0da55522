import { answerField } from './answer-reader.ts'
import {
  answerOf,
  ask,
  chunkedOf,
  heardOf,
  PATIENCE_MS,
  type Probe,
  quote,
  ScriptedUpstream,
  type StartProxy,
  tell,
  unlike,
} from './probe-kit.ts'
import { Wire } from './wire.ts'

const HEAD = 'HTTP/1.1 200 OK\r\n'

/** How an answer arrives: whole, or visibly not. */
export const ANSWER_PROBES: readonly Probe[] = [
  {
    name: 'an answer cut short of its length',
    promise: 'an answer that ends before its length does not look whole',
    run: (start) => notWhole(start, `${HEAD}Content-Length: 10\r\n\r\nhalf`, 'end'),
  },
  {
    name: 'an answer cut before its last chunk',
    promise: 'an answer that ends before its last chunk does not look whole',
    run: (start) => notWhole(start, `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, 'end'),
  },
  {
    name: 'an answer with a broken chunk',
    promise: 'an answer whose chunks cannot be read does not look whole',
    run: (start) =>
      notWhole(start, `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nZZ\r\n0\r\n\r\n`, 'end'),
  },
  {
    name: 'an upstream that resets',
    promise: 'an answer that is broken off by a reset does not look whole',
    run: (start) => notWhole(start, `${HEAD}Content-Length: 10\r\n\r\nhalf`, 'reset'),
  },
  {
    name: 'an answer with a length and chunks',
    promise: 'it is 502, for nobody can say where it ends',
    run: (start) =>
      badGateway(start, `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  },
  {
    name: 'an answer with two lengths',
    promise: 'it is 502, for nobody can say where it ends',
    run: (start) => badGateway(start, `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`),
  },
  {
    name: 'an answer that is none',
    promise: 'it is 502, and none of it reaches the client',
    run: (start) => badGateway(start, 'secret garbage\r\n\r\n'),
  },
  {
    name: 'HTTP/1.0',
    promise: 'a client of HTTP/1.0 never gets chunks',
    run: async (start) => {
      const proxy = await start((await ScriptedUpstream.answering(chunkedOf('all of it'))).port)
      const heard = await tell(proxy.port, `GET /a HTTP/1.0\r\nx-api-key: ${proxy.secret}\r\n\r\n`)
      const coded = heard.first !== undefined && answerField(heard.first, 'transfer-encoding').length > 0
      return unlike(heard, 200, 'all of it') ?? (coded ? quote(heard.received) : undefined)
    },
  },
  {
    name: 'HEAD, 204 and 304',
    promise: 'an answer that has no body has none, whatever its fields say, and the next is its own',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start(({ method, target }, socket) => {
        const status = target.slice(1)
        if (method === 'HEAD' || status === '304')
          socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`)
        else if (status === '204') socket.write('HTTP/1.1 204 X\r\n\r\n')
        else socket.write(answerOf('next'))
      })
      const proxy = await start(upstream.port)
      for (const line of ['HEAD /200', 'GET /204', 'GET /304']) {
        const wire = new Wire(proxy.port)
        const methods = [line.split(' ')[0]!, 'GET']
        wire.send(ask(proxy, `${line} HTTP/1.1`))
        await wire.sees((received) => received.includes('\r\n\r\n'), PATIENCE_MS)
        wire.send(ask(proxy, 'GET /next HTTP/1.1', 'Connection: close'))
        await wire.seesEnd(PATIENCE_MS)
        wire.destroy()
        const { finals, received } = heardOf(wire, methods)
        if (finals.length !== 2 || finals[1]?.body !== 'next') return `${line}: ${quote(received)}`
      }
      return undefined
    },
  },
  {
    name: 'early hints',
    promise: 'an informational answer is not taken for the answer',
    run: async (start) => {
      const bytes = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answerOf('ok')}`
      const proxy = await start((await ScriptedUpstream.answering(bytes)).port)
      for (let call = 1; call <= 2; call += 1) {
        const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1', 'Connection: close'))
        const wrong = unlike(heard, 200, 'ok')
        if (wrong !== undefined) return wrong
      }
      return undefined
    },
  },
  {
    name: 'a stream of events',
    promise: 'a piece of an answer arrives before the next is there',
    run: async (start) => {
      const upstream = await ScriptedUpstream.start((_request, socket) => {
        socket.write(`${HEAD}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n`)
        socket.write('9\r\ndata: 1\n\n\r\n')
      })
      const proxy = await start(upstream.port)
      const wire = new Wire(proxy.port)
      wire.send(ask(proxy, 'GET /a HTTP/1.1'))
      await wire.sees((received) => received.includes('data: 1'), PATIENCE_MS)
      wire.destroy()
      return wire.received.includes('data: 1') ? undefined : `only ${quote(wire.received)}`
    },
  },
]

/** Lets the upstream break off: the client must get 502, or see that its answer is not whole. */
async function notWhole(start: StartProxy, bytes: string, how: 'end' | 'reset'): Promise<string | undefined> {
  const upstream = await ScriptedUpstream.start((_request, socket) => {
    if (how === 'end') socket.end(bytes)
    // What was written is on its way before the connection is reset.
    else socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()))
  })
  const proxy = await start(upstream.port)
  const wire = new Wire(proxy.port)
  wire.send(ask(proxy, 'GET /a HTTP/1.1'))
  await wire.sees(
    (received) => heardOf({ ...wire, received } as Wire, ['GET']).first?.whole === true,
    PATIENCE_MS,
  )
  wire.destroy()
  const { first, received, ended } = heardOf(wire, ['GET'])
  if (first?.status === 502 && first.whole) return undefined
  if (first?.whole === true) return `it looks whole: ${quote(received)}`
  return ended ? undefined : `the client still waits: ${quote(received)}`
}

async function badGateway(start: StartProxy, bytes: string): Promise<string | undefined> {
  const proxy = await start((await ScriptedUpstream.answering(bytes)).port)
  const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1'))
  return unlike(heard, 502) ?? (heard.received.includes('secret') ? quote(heard.received) : undefined)
}
