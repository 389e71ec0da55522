import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { startGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`

/** What the upstream gets of a call with these fields. */
async function passedOn(fields: Readonly<Record<string, string>>): Promise<IncomingHttpHeaders> {
  const upstream = await CountingUpstream.start()
  const seen: IncomingHttpHeaders[] = []
  upstream.answer = (request, response) => {
    seen.push(request.headers)
    response.end('{}')
  }
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawClient.connect(gateway.port)
  const { status } = await client.call({ path: '/v1/x', headers: { 'x-api-key': gateway.secret, ...fields } })
  expect([status, gateway.alarms]).toEqual([200, []])
  return seen[0]!
}

test('a trace goes on through the gateway, with what others keep of it', async () => {
  const { traceparent, tracestate } = await passedOn({ traceparent: PARENT, tracestate: 'vendor=1' })
  expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  expect(traceparent).not.toBe(PARENT)
  expect(tracestate).toBe('vendor=1')
})

test('without a trace one begins here', async () => {
  const { traceparent } = await passedOn({})
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
})

test('what is no trace is not passed on, nor what was kept of it', async () => {
  const { traceparent, tracestate } = await passedOn({ traceparent: '00-nonsense', tracestate: 'vendor=1' })
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  expect(tracestate).toBeUndefined()
})

test('a call is counted as it ends, with its status, its time and its bytes', async () => {
  const upstream = await CountingUpstream.start()
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawClient.connect(gateway.port)
  const answer = await client.call({ path: '/v1/x', headers: { 'x-api-key': gateway.secret } })
  await client.call({ path: '/v1/x', headers: { 'x-api-key': 'gz_live_mistyped' } })
  await gateway.events()
  const traffic = gateway.traffic()
  expect(traffic).toMatchObject({ calls: 1, callsDurable: 1, openNow: 0, bytesSent: answer.body.length })
  expect([traffic.byStatus.get('2xx'), traffic.refusedByStatus.get('4xx')]).toEqual([1, 1])
  expect(traffic.refusedByCode.get('invalid-credential')).toBe(1)
  expect([traffic.latency.count, traffic.upstream.count, traffic.commit.count]).toEqual([1, 1, 1])
})

test('an upstream that fails is counted by its status and by the code of the problem, once', async () => {
  const gateway = await startGateway()
  const client = await RawClient.connect(gateway.port)
  await client.call({ path: '/v1/x', headers: { 'x-api-key': gateway.secret } })
  await gateway.events()
  const traffic = gateway.traffic()
  expect([traffic.calls, traffic.byStatus.get('5xx'), traffic.refusedByStatus.get('5xx')]).toEqual([1, 1, 0])
  expect([...traffic.refusedByCode.values()].reduce((sum, count) => sum + count, 0)).toBe(1)
  expect(traffic.upstream.count).toBe(0)
})
