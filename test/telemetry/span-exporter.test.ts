import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Span, SpanExporter } from '../../src/telemetry/span-exporter.ts'
import { until } from '../support/until.ts'

async function startCollector(status: number) {
  const seen: { readonly url: string | undefined; readonly key: unknown; readonly body: any }[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const body = JSON.parse(Buffer.concat(pieces).toString())
    seen.push({ url: request.url, key: request.headers['x-collector-key'], body })
    response.writeHead(status).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { seen, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const SPAN: Span = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentId: '',
  name: 'GET /v1/search',
  startMs: 1_772_366_400_000,
  elapsedMs: 12.5,
  attributes: { 'http.route': '/v1/search', 'http.response.status_code': 200 },
  failed: false,
}

function exporterTo(endpoint: string, warnings: string[]): SpanExporter {
  const secret = { header: 'x-collector-key', value: 'quite-a-secret-key' }
  const otlp = { endpoint, sample: 1, service: 'gate', secret }
  return new SpanExporter(otlp, (what, detail) => warnings.push(`${what}: ${detail}`))
}

test('a collector gets spans in the form of OTLP, with the header it asks for', async () => {
  const { seen, endpoint } = await startCollector(200)
  const warnings: string[] = []
  const exporter = exporterTo(endpoint, warnings)
  exporter.add(SPAN)
  exporter.add({ ...SPAN, parentId: 'b7ad6b7169203331', failed: true })
  await exporter.close()
  const [{ url, key, body } = { url: '', key: '', body: {} }] = seen
  expect([url, key]).toEqual(['/v1/traces', 'quite-a-secret-key'])
  const [{ resource, scopeSpans }] = body.resourceSpans
  expect(resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'gate' } }])
  expect(scopeSpans[0].spans).toEqual([
    {
      ...{ traceId: SPAN.traceId, spanId: SPAN.spanId, name: 'GET /v1/search', kind: 2, status: {} },
      ...{ startTimeUnixNano: '1772366400000000000', endTimeUnixNano: '1772366400012500000' },
      attributes: [
        { key: 'http.route', value: { stringValue: '/v1/search' } },
        { key: 'http.response.status_code', value: { intValue: '200' } },
      ],
    },
    expect.objectContaining({ parentSpanId: 'b7ad6b7169203331', status: { code: 2 } }),
  ])
  expect(warnings).toEqual([])
})

test('spans that no one takes are dropped and told, and memory stays bounded', async () => {
  const { seen, endpoint } = await startCollector(503)
  const warnings: string[] = []
  const exporter = exporterTo(endpoint, warnings)
  for (let index = 0; index < 10_000; index += 1) exporter.add(SPAN)
  await exporter.close()
  const sent = seen.reduce((sum, { body }) => sum + body.resourceSpans[0].scopeSpans[0].spans.length, 0)
  expect(sent).toBeLessThanOrEqual(512 + 4_096)
  const told = warnings.map((warning) => Number(/: (\d+): /.exec(warning)?.[1]))
  expect(told.reduce((sum, count) => sum + count, 0)).toBe(10_000)
  expect(warnings[0]).toContain('the collector answered 503')
})

test('a collector that is not there keeps no one waiting', async () => {
  const warnings: string[] = []
  const exporter = exporterTo('http://127.0.0.1:1', warnings)
  exporter.add(SPAN)
  await exporter.close()
  await until('it is told', () => warnings[0])
  expect(warnings[0]).toContain('ECONNREFUSED')
})
