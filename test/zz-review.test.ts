import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { RawSocket } from './support/raw-socket.ts'
import { RawUpstream } from './support/raw-upstream.ts'
const ask = ({ secret }: TestGateway, line: string, ...f: string[]) => `${[line, 'Host: a', `x-api-key: ${secret}`, ...f].join('\r\n')}\r\n\r\n`
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))
test('bytes received of a small POST', async () => {
  for (const bytes of ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']) {
    const upstream = await RawUpstream.answering(bytes)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const a = await RawSocket.connect(gateway.port)
    a.send(ask(gateway, 'POST /p HTTP/1.1', 'Content-Length: 10') + '0123456789'); await a.sees(/ok/); await sleep(100)
    console.log('POST of 10 bytes:', bytes.includes('chunked') ? 'chunked' : 'plain', (await gateway.events()).map((e) => [e.endpoint, e.outcome, 'in', e.bytesReceived, 'out', e.bytesSent].join(' ')), upstream.heads.length)
  }
})
test('garbage and half requests ahead of an owed answer', async () => {
  for (const [what, bytes, fin] of [['garbage', '\x01\x02 nonsense\r\n\r\n', false], ['half, FIN', 'GET /n', true], ['whole, FIN', 'GET /n HTTP/1.1\r\nHost: a\r\n\r\n', true]] as const) {
    const slow: (() => void)[] = []
    const upstream = await RawUpstream.start((s, head) => { const give = () => s.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'); slow.push(give) })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const a = await RawSocket.connect(gateway.port)
    a.send(ask(gateway, 'GET /slow HTTP/1.1')); while (!slow.length) await sleep(5)
    a.send(bytes); await sleep(50); if (fin) a.socket.end(); await sleep(80); slow[0]!(); await sleep(200)
    console.log(what, '|', a.received.match(/HTTP\/1.1 \d+|Connection: \S+/g)?.join(', '), '| ended', a.ended, (await gateway.events()).map((e) => [e.endpoint, e.outcome].join(' ')).join())
  }
})
test('drain', async () => {
  const slow: (() => void)[] = []
  const upstream = await RawUpstream.start((s) => { slow.push(() => s.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow')) })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const idle = await RawSocket.connect(gateway.port), a = await RawSocket.connect(gateway.port), b = await RawSocket.connect(gateway.port)
  a.send(ask(gateway, 'GET /slow HTTP/1.1')); b.send(ask(gateway, 'GET /slow2 HTTP/1.1')); while (slow.length < 2) await sleep(5)
  b.send(ask(gateway, 'GET /next HTTP/1.1')); await sleep(20)
  gateway.pipeline.startDraining(); const d = gateway.server.drain(5000); const t = Date.now(); await sleep(400)
  const idleEnded = idle.ended; slow[0]!(); slow[1]!(); await d
  console.log('drain took', Date.now() - t < 1500, 'idle ended', idleEnded, a.received.match(/HTTP\/1.1 \d+|Connection: \S+/g)?.join(', '), '|', b.received.match(/HTTP\/1.1 \d+|Connection: \S+/g)?.join(', '), upstream.heads.length)
})
