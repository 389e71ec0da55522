import { describe, expect, test } from 'vitest'
import type { Limit, Quota } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// What a route takes at once ends at the byte the file names.

const DAY: Limit = {
  id: 'tenant-day',
  counts: 'requests',
  amount: 10,
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
}
const MONTH: Quota = { id: 'calls-month', meter: 'calls', per: 'month', included: '5', onExceed: 'block' }
const PLANS = [plan({ limits: [DAY], quotas: [MONTH] })]

const head = (gateway: TestGateway, ...fields: readonly string[]) =>
  ['POST /a HTTP/1.1', 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

/** A gateway that takes ten bytes at once, on an upstream that answers when it has the whole request. */
async function scene(bytesMax = 10) {
  const upstream = await RawUpstream.start((socket, requestHead, rest) => {
    let bytes = rest.toString('latin1')
    const length = Number(/content-length: (\d+)/i.exec(requestHead)?.[1] ?? -1)
    const look = (piece = Buffer.alloc(0)): void => {
      bytes += piece.toString('latin1')
      const whole = length === -1 ? bytes.endsWith('0\r\n\r\n') : bytes.length >= length
      if (whole) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
    socket.on('data', look)
    look()
  })
  const policy = { bodyBytesMax: bytesMax }
  const gateway = await startGateway({ upstreamPort: upstream.port, plans: PLANS, policy })
  return { upstream, gateway }
}

const REFUSED = /^HTTP\/1\.1 413 Payload Too Large\r\n[\s\S]*"code":"body-too-large"/

describe('a length that is too large', () => {
  test('is refused before anything of it is read, sent on or counted', async () => {
    const { upstream, gateway } = await scene()
    const client = await RawClient.connect(gateway.port)
    const headers = { 'x-api-key': gateway.secret }
    const refused = await client.call({ path: '/a', method: 'POST', headers, body: Buffer.alloc(11) })
    expect(refused.status).toBe(413)
    const next = await client.call({ path: '/a', method: 'POST', headers, body: Buffer.alloc(10) })
    expect(next.status).toBe(200)
    expect(next.headers.get('ratelimit')).toMatch(/^"tenant-day";r=9;t=\d+, "calls-month";r=4;/)
    expect(upstream.heads).toHaveLength(1)
  })

  test('is refused without being asked for, and nothing else is read on its connection', async () => {
    const { upstream, gateway } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'Content-Length: 11', 'Expect: 100-continue'))
    expect(await client.sawEnd()).toMatch(REFUSED)
    expect(client.received).toMatch(/\r\nConnection: close\r\n/)
    expect(upstream.heads).toEqual([])
  })

  test('of more than is thrown away ends the connection', async () => {
    const { gateway } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'Content-Length: 100000000'))
    expect(await client.sawEnd()).toMatch(REFUSED)
  })
})

describe('chunks', () => {
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

  test.each([
    { sizes: [10], why: 'exactly what is taken' },
    { sizes: [5, 5], why: 'exactly what is taken, in two' },
    { sizes: [], why: 'nothing' },
  ])('of $why pass', async ({ sizes }) => {
    const { gateway } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'Transfer-Encoding: chunked')}${sizes.map(chunk).join('')}0\r\n\r\n`)
    expect(await client.sees(/ok$/)).toMatch(/^HTTP\/1\.1 200 /)
    const bytesReceived = sizes.reduce((sum, size) => sum + size, 0)
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived }])
  })

  test.each([
    { sizes: [11], why: 'at once' },
    { sizes: [10, 1], why: 'with the last byte' },
  ])('of too much end the call, $why', async ({ sizes }) => {
    const { upstream, gateway } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'Transfer-Encoding: chunked'))
    for (const size of sizes) {
      client.send(chunk(size))
      if (size === 10) await until('the upstream is asked', () => upstream.heads[0])
    }
    expect(await client.sawEnd()).toMatch(REFUSED)
    expect(client.received).toMatch(/\r\nConnection: close\r\n/)
    await until('the upstream is left', () => upstream.sockets.size === 0 || undefined)
    expect(gateway.pending()).toBe(0)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'refused', refusal: 'body-too-large', statusCode: 413, billable: false },
    ])
    const next = await exchangeBytes(
      gateway.port,
      `${head(gateway, 'Content-Length: 1', 'Connection: close')}x`,
    )
    expect(next).toMatch(/\r\nRateLimit: "tenant-day";r=8;t=\d+, "calls-month";r=4;/)
    expect(gateway.warnings).toEqual([])
  })

  test('that a client pours in without looking up are refused all the same, and it can read so', async () => {
    const { gateway } = await scene(1_000)
    for (const _ of Array(10)) {
      const client = await RawSocket.connect(gateway.port)
      client.send(head(gateway, 'Transfer-Encoding: chunked'))
      for (let count = 0; count < 64; count += 1) client.send(chunk(65_536))
      expect(await client.sawEnd()).toMatch(REFUSED)
    }
  })
})
