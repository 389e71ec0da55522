import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { plainEnvironment } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

/** A collector of spans that counts what comes. */
async function startCollector() {
  const spans: { readonly name: string; readonly traceId: string }[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const { resourceSpans } = JSON.parse(Buffer.concat(pieces).toString())
    spans.push(...resourceSpans[0].scopeSpans[0].spans)
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { spans, port: (server.address() as AddressInfo).port }
}

test('calls are told in the access log, as spans and as metrics, all alike, on every thread', async () => {
  const [upstream, collector] = [await CountingUpstream.start(), await startCollector()]
  const plans = { free: { limits: [{ requests: 10, per: 'day' }] } }
  const telemetry = {
    access_log: 'logs/access.log',
    otlp: { endpoint: `http://127.0.0.1:${collector.port}` },
  }
  const config = { ...flowConfig({ upstreamPort: upstream.port, threads: 2, plans }), telemetry }
  const project = await Project.with({ ...config, control: { listen: '127.0.0.1:0' } })
  const secret = await project.tenant('acme', 'free')
  const serve = await project.serve()
  const control = await until('control listens', () => serve.controlPort || undefined)
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(serve.port)))
  for (let call = 0; call < 12; call += 1) {
    await clients[call % 4]!.call({ path: `/v1/x?token=${secret}`, headers: { 'x-api-key': secret } })
  }
  await clients[0]!.call({ path: '/v1/x', headers: {} })

  const lines = await until('the lines are written', () => {
    const path = project.path('logs/access.log')
    const written = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
    return written.length === 13 ? written.map((line) => JSON.parse(line)) : undefined
  })
  const statuses = lines.map((line) => line.status_code).sort()
  expect(statuses).toEqual([...Array(10).fill(200), 401, 429, 429])
  expect(lines.filter((line) => line.customer_id === 'acme')).toHaveLength(12)
  expect(JSON.stringify(lines)).not.toContain(secret.slice(12, -4))
  const spans = await until('the spans came', () =>
    collector.spans.length === 12 ? collector.spans : undefined,
  )
  const traced = lines.filter((line) => line.status_code === 200).map((line) => line.trace_id)
  const spanned = new Set(spans.map(({ traceId }) => traceId))
  expect(traced.filter((traceId) => !spanned.has(traceId))).toEqual([])
  const metrics = await until('all is durable', async () => {
    const text = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
    return text.includes('gatez_calls_durable_total 10\n') ? text : undefined
  })
  expect(metrics.split('\n')).toEqual(
    expect.arrayContaining([
      'gatez_calls_total 10',
      'gatez_responses_total{status="2xx"} 10',
      'gatez_responses_total{status="4xx"} 3',
      'gatez_refusals_total{code="rate-limited"} 2',
      'gatez_call_duration_seconds_count 10',
    ]),
  )
  expect(await serve.stop()).toBe(0)
})

test('a gateway connects to its upstream and to nothing that is not in its file', async () => {
  const upstream = await CountingUpstream.start()
  const plans = { free: {} }
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, plans })
  const project = await Project.with({ ...config, control: { listen: '127.0.0.1:0' } }, { near: true })
  const secret = await project.tenant('acme', 'free')
  const log = project.path('connects.log')
  const strace = [
    '-f',
    '-qq',
    '-e',
    'trace=connect,sendto,sendmsg',
    '-e',
    'signal=none',
    '-s',
    '0',
    '-o',
    log,
  ]
  const child = spawn('strace', [...strace, process.execPath, project.entry, 'serve'], {
    cwd: project.folder,
    env: plainEnvironment(),
  })
  const gateway = (): number => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
  onTestFinished(() => {
    if (child.exitCode === null) process.kill(gateway(), 'SIGKILL')
  })
  let printed = ''
  child.stdout.on('data', (text) => {
    printed += text
  })
  const port = await until(
    'it listens',
    () => Number(/listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1]) || undefined,
  )
  const control = await until('so does control', () => /Control API on (\S+?),/.exec(printed)?.[1])
  const client = await RawClient.connect(port)
  for (let call = 0; call < 20; call += 1)
    await client.call({ path: '/v1/x', headers: { 'x-api-key': secret } })
  expect((await fetch(`${control}/metrics`)).status).toBe(200)
  const ended = once(child, 'exit')
  process.kill(gateway(), 'SIGTERM')
  await ended

  const lines = readFileSync(log, 'utf8').split('\n')
  // Asking a server for names would be one, too.
  const inet = lines.filter((line) => line.includes('sin_addr') || line.includes('sin6_addr'))
  const places = inet.map((line) => `${/"([^"]+)"/.exec(line)?.[1]}:${/htons\((\d+)\)/.exec(line)?.[1]}`)
  const stores = Object.values(project.stores ?? {}).map((url) => new URL(url).host)
  expect(new Set(places)).toEqual(new Set([`127.0.0.1:${upstream.port}`, ...stores]))
})
