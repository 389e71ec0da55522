import { once } from 'node:events'
import { createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { certificateTexts } from '../support/certificates.ts'
import { Crowd } from '../support/crowd.ts'
import { listen } from '../support/failing-upstreams.ts'
import { startGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { untilStill } from '../support/slow-clients.ts'
import { connectTls } from '../support/tls-client.ts'
import { until } from '../support/until.ts'

const BYTES = 900_000
const BODY = Buffer.alloc(BYTES, '#')
const pem = certificateTexts()

/** A gateway that speaks TLS with its clients and with its upstream, which does `answer` with a connection. */
async function scene(answer: (socket: TLSSocket) => void) {
  const own = { key: pem('server.key'), cert: pem('server.pem') }
  const upstream = await listen(createServer(own, answer))
  const trust = { ca: pem('ca.pem'), cert: null, key: null, serverName: null }
  const gateway = await startGateway({ api: { upstreams: [upstream], tls: trust }, tls: own })
  const client = RawSocket.over(await connectTls(gateway.port, { ca: pem('ca.pem') }))
  const send = (method: string, ...fields: readonly string[]) => {
    const all = ['Host: api.test', `x-api-key: ${gateway.secret}`, ...fields]
    client.send([`${method} /a HTTP/1.1`, ...all, '', ''].join('\r\n'))
  }
  return { gateway, client, send, crowd: new Crowd(gateway.pipeline.traffic.turns) }
}

test('with TLS on both sides a download waits for its turn, is whole, and metered to the byte', async () => {
  const { gateway, client, send, crowd } = await scene((socket) => {
    void once(socket, 'data').then(() => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`)
      socket.write(BODY)
    })
  })
  send('GET')
  await client.sees(/#{1000}/)
  await untilStill(() => client.received.length)
  expect(client.received.split('#').length - 1).toBeLessThan(BYTES)
  crowd.leave()
  await until('all of it is there', () => client.received.split('#').length - 1 === BYTES || undefined)
  expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: BYTES }])
})

test('with TLS on both sides an upload waits for its turn, is whole, and metered to the byte', async () => {
  let came = 0
  const { gateway, client, send, crowd } = await scene((socket) => {
    socket.on('data', (piece: Buffer) => {
      came += piece.toString('latin1').split('#').length - 1
      if (came === BYTES) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  send('POST', `Content-Length: ${BYTES}`)
  client.send(BODY)
  await until('the upstream has some of it', () => came || undefined)
  await untilStill(() => came)
  expect(came).toBeLessThan(BYTES)
  crowd.leave()
  await client.sees(/ok$/)
  expect(came).toBe(BYTES)
  expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesReceived: BYTES }])
})
