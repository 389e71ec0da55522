import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Held } from '../../src/gateway/meter.ts'
import { Turns } from '../../src/gateway/turns.ts'
import { Tunnel } from '../../src/gateway/upgrade.ts'
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

test('a WebSocket that waits for its turn is not idle, however long; when it may go on and nothing comes it is', async () => {
  const upstream = await RawUpstream.start((socket) => {
    socket.write(SWITCH)
    socket.write(BODY)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idleMs: 200 } })
  const client = await RawSocket.connect(gateway.port)
  const crowd = new Crowd(gateway.pipeline.traffic.turns)
  const fields = ['Host: a', `x-api-key: ${gateway.secret}`, 'Connection: Upgrade', 'Upgrade: websocket']
  client.send(['GET /a HTTP/1.1', ...fields, '', ''].join('\r\n'))
  await client.sees(/#/)
  await untilStill(() => client.received.length)
  expect(client.ended).toBe(false)
  crowd.leave()
  const received = await until('the tunnel is over', () => (client.ended ? client.received : undefined))
  expect(received.split('#')).toHaveLength(BYTES + 1)
  expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: BYTES }])
})

test('what an upstream sends a tunnel that is over goes nowhere, for it is in no event', async () => {
  const [client, clientSide] = await connected()
  const [upstreamSide, upstream] = await connected()
  const over = Promise.withResolvers<Held>()
  const tunnel = new Tunnel({
    ...{ client: clientSide, upstream: upstreamSide, early: Buffer.alloc(0), idleMs: 50, turns: new Turns() },
    moved: () => {},
    ended: (outcome, held) => {
      expect(outcome).toBe('ok')
      over.resolve(held)
    },
  })
  let received = ''
  client.on('data', (piece) => {
    received += String(piece)
  })
  upstream.write('in time')
  const held = await over.promise
  expect(tunnel.bytesSent).toBe('in time'.length)
  upstream.write('too late')
  await until('it was read', () => upstreamSide.bytesRead === 'in timetoo late'.length || undefined)
  held.release()
  await once(client, 'end')
  expect(received).toBe('in time')
  expect(tunnel.bytesSent).toBe('in time'.length)
})

/** Both ends of a connection. */
async function connected(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const accepted = once(server, 'connection')
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  const [other] = await accepted
  onTestFinished(() => {
    for (const each of [socket, other]) each.destroy()
    server.close()
  })
  return [socket, other]
}
