import { expect, test } from 'vitest'
import { Crowd } from '../support/crowd.ts'
import { startGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { untilStill } from '../support/slow-clients.ts'
import { until } from '../support/until.ts'

const BYTES = 900_000
const BODY = Buffer.alloc(BYTES, '#')
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

test('a WebSocket waits for its turn both ways, loses nothing, and is metered to the byte', async () => {
  let came = 0
  const upstream = await RawUpstream.start((socket) => {
    socket.write(SWITCH)
    socket.on('data', (piece: Buffer) => {
      came += piece.length
      if (came === BYTES) socket.end()
    })
    socket.write(BODY)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawSocket.connect(gateway.port)
  const crowd = new Crowd(gateway.pipeline.traffic.turns)
  const fields = ['Host: a', `x-api-key: ${gateway.secret}`, 'Connection: Upgrade', 'Upgrade: websocket']
  client.send(['GET /a HTTP/1.1', ...fields, '', ''].join('\r\n'))
  await client.sees(/#/)
  client.send(BODY)
  await untilStill(() => client.received.length + came)
  expect(client.received.length).toBeLessThan(BYTES)
  expect(came).toBeLessThan(BYTES)
  crowd.leave()
  const received = await until('the tunnel is over', () => (client.ended ? client.received : undefined))
  expect(received.split('#')).toHaveLength(BYTES + 1)
  expect(came).toBe(BYTES)
  expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: BYTES, bytesReceived: BYTES }])
})
