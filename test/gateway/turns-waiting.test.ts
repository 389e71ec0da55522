import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RoutePolicy } from '../../src/model/route-policy.ts'
import { Crowd } from '../support/crowd.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream, type RawUpstreamScript } from '../support/raw-upstream.ts'
import { pass } from '../support/slow-clients.ts'
import { until } from '../support/until.ts'

const BYTES = 900_000
const BODY = Buffer.alloc(BYTES, '#')
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

// The gateway looks for slow clients when a test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const head = ({ secret }: TestGateway, method: string, ...fields: readonly string[]) =>
  [`${method} /a HTTP/1.1`, 'Host: a', `x-api-key: ${secret}`, ...fields, '', ''].join('\r\n')

/** A gateway with a client that is connected, where every large body has to wait until `crowd` leaves. */
async function crowded(script: RawUpstreamScript, policy: Partial<RoutePolicy> = {}) {
  const upstream = await RawUpstream.start(script)
  const gateway = await startGateway({ upstreamPort: upstream.port, policy })
  const client = await RawSocket.connect(gateway.port)
  return { upstream, gateway, client, crowd: new Crowd(gateway.pipeline.traffic.turns) }
}

/** An upstream that answers at once, as `respond` says; the answer waits when this resolves. */
async function waitingDownload(respond: (socket: Socket) => void) {
  const scene = await crowded((socket) => respond(socket))
  scene.client.send(head(scene.gateway, 'GET'))
  await scene.client.sees(/#{16384}/)
  return { ...scene, bodyBytes: () => scene.client.received.split('#').length - 1 }
}

/** The upload waits when this resolves: the upstream has some of it. `send` is how it is sent. */
async function waitingUpload(send = sendWithLength, policy: Partial<RoutePolicy> = {}) {
  let socket: Socket | undefined
  const seen = { bytes: 0 }
  const scene = await crowded((connection, _head, rest) => {
    socket = connection
    seen.bytes = rest.length
    connection.on('data', (piece: Buffer) => {
      seen.bytes += piece.length
      if (seen.bytes === BYTES) connection.write(OK)
    })
  }, policy)
  await send(scene)
  const upstreamSocket = await until('the upstream has some of it', () =>
    seen.bytes > 0 ? socket : undefined,
  )
  return { ...scene, seen, upstreamSocket }
}

async function sendWithLength({ client, gateway }: Sender): Promise<void> {
  client.send(head(gateway, 'POST', `Content-Length: ${BYTES}`))
  client.send(BODY)
}

interface Sender {
  readonly client: RawSocket
  readonly gateway: TestGateway
}

const withLength = (socket: Socket, body = BODY) =>
  socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`), body]))

describe('a download that waits for its turn', () => {
  test('is over when its client leaves, and metered with what was sent', async () => {
    const { client, gateway, upstream, bodyBytes } = await waitingDownload(withLength)
    client.socket.destroy()
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(bodyBytes()).toBeLessThan(BYTES)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted', bytesSent: bodyBytes() }])
  })

  test.each([
    { how: 'ends', end: (socket: Socket) => socket.end(), isWhole: true },
    { how: 'is reset', end: (socket: Socket) => socket.resetAndDestroy(), isWhole: false },
  ])('has what came before its upstream $how too early, and breaks off then', async ({ end, isWhole }) => {
    const came = BODY.subarray(0, 300_000)
    const scene = await waitingDownload((socket) => withLength(socket, came))
    for (const socket of scene.upstream.sockets) end(socket)
    scene.crowd.leave()
    await scene.client.sawEnd()
    expect(scene.bodyBytes() === came.length || !isWhole).toBe(true)
    expect(await scene.gateway.calls()).toMatchObject([
      { outcome: 'upstream_truncated', bytesSent: scene.bodyBytes() },
    ])
  })

  test.each([
    { how: 'with the connection', fields: 'Connection: close' },
    { how: 'with the connection of HTTP/1.0', fields: 'Connection: close', version: '1.0' },
  ])('is whole when it ends $how', async ({ fields, version = '1.1' }) => {
    const scene = await waitingDownload((socket) => {
      socket.write(`HTTP/${version} 200 OK\r\n${fields}\r\n\r\n`)
      socket.end(BODY)
    })
    scene.crowd.leave()
    await scene.client.sees(/\r\n0\r\n\r\n$/)
    expect(scene.bodyBytes()).toBe(BYTES)
    expect(await scene.gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: BYTES }])
  })

  test('is not held against its client, and comes to its end in a gateway that drains', async () => {
    const { client, gateway, crowd, bodyBytes } = await waitingDownload(withLength)
    const drained = gateway.server.drain(60_000)
    for (let minute = 0; minute < 10; minute += 1) pass(gateway, 60_000)
    expect(client.ended).toBe(false)
    crowd.leave()
    await until('all of it is there', () => bodyBytes() === BYTES || undefined)
    await until('its connection is closed', () => {
      pass(gateway, 1)
      return client.ended || undefined
    })
    await drained
    expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: BYTES }])
  })
})

describe('an upload that waits for its turn', () => {
  test('is not too slow, and is whole in the end', async () => {
    const { client, gateway, crowd, seen } = await waitingUpload()
    for (let minute = 0; minute < 10; minute += 1) pass(gateway, 60_000)
    expect(seen.bytes).toBeLessThan(BYTES)
    crowd.leave()
    await client.sees(/ok$/)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesReceived: BYTES }])
  })

  test('is over when its client leaves, and metered with what its upstream was given', async () => {
    const { client, gateway, upstream, seen, crowd } = await waitingUpload()
    client.socket.resetAndDestroy()
    crowd.leave()
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted', bytesReceived: seen.bytes }])
  })

  test.each([
    {
      what: 'is refused',
      end: (socket: Socket) => socket.write(OK.replace('200 OK', '413 No')),
      status: 413,
    },
    { what: 'loses its upstream', end: (socket: Socket) => socket.resetAndDestroy(), status: 502 },
  ])('and $what is answered at once', async ({ end, status }) => {
    const { client, gateway, upstreamSocket, seen } = await waitingUpload()
    end(upstreamSocket)
    await client.sees(new RegExp(`^HTTP/1.1 ${status} `))
    expect(await gateway.calls()).toMatchObject([{ statusCode: status, bytesReceived: seen.bytes }])
    expect(gateway.alarms).toEqual([])
  })

  test('is asked for once, by a client that waits to be asked', async () => {
    const { client, crowd } = await waitingUpload(async (scene) => {
      const fields = [`Content-Length: ${BYTES}`, 'Expect: 100-continue']
      scene.client.send(head(scene.gateway, 'POST', ...fields))
      await scene.client.sees(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
      scene.client.send(BODY)
    })
    crowd.leave()
    const received = await client.sees(/ok$/)
    expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
  })

  test('and is larger than its route takes is refused when that is seen', async () => {
    const bodyBytesMax = 600_000
    const sendInChunks = async ({ client, gateway }: Sender): Promise<void> => {
      client.send(head(gateway, 'POST', 'Transfer-Encoding: chunked'))
      client.send(`${BYTES.toString(16)}\r\n`)
      client.send(BODY)
      client.send('\r\n0\r\n\r\n')
    }
    const { client, gateway, crowd } = await waitingUpload(sendInChunks, { bodyBytesMax })
    crowd.leave()
    expect(await client.sees(/^HTTP\/1.1 413 /)).toContain('body-too-large')
    const [call] = await gateway.calls()
    expect(call).toMatchObject({ statusCode: 413, outcome: 'refused', billable: false })
    expect(call?.bytesReceived).toBeLessThanOrEqual(bodyBytesMax)
    expect(gateway.alarms).toEqual([])
  })
})
