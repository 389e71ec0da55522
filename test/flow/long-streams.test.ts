import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

let upstream: CountingUpstream
let project: Project
let headers: Record<string, string>

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  const meters = [{ id: 'tokens', from: 'openai-usage', routes: ['all'] }]
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, meters, plans: { open: {} } }))
  headers = { 'x-api-key': await project.tenant('acme', 'open'), 'x-request-id': 'the-stream' }
})

/** An event of a stream that says how many tokens there were so far. */
const say = (tokens: number, padding = '') =>
  `data: {"text":"${padding}","usage":{"total_tokens":${tokens}}}\n\n`

/** Streams an event each `everyMs`, or as fast as it is taken, until the other side is gone. */
function streamEvents(response: ServerResponse, everyMs: number, padding: string): { sent: number } {
  const stream = { sent: 0 }
  response.setMaxListeners(0).writeHead(200, { 'content-type': 'text/event-stream' })
  const push = async (): Promise<void> => {
    for (let tokens = 1; !response.destroyed; tokens += 1) {
      const event = say(tokens, padding)
      stream.sent += event.length
      const hasRoom = response.write(event)
      if (everyMs > 0) await pause(everyMs)
      else if (!hasRoom)
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
  }
  void push()
  return stream
}

/** Streams until the client has `bytes`, kills the gateway, starts it again; what the client has by then. */
async function killMidStream(everyMs: number, padding: string, bytes: number) {
  let stream = { sent: 0 }
  upstream.answer = (_request, response) => {
    stream = streamEvents(response, everyMs, padding)
  }
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  let received = 0
  let killed: Promise<void> | undefined
  const call = client.call({ path: '/events', headers }, (piece) => {
    received += piece.length
    if (received >= bytes) killed ??= serve.kill()
  })
  await expect(call).rejects.toThrow('broke')
  await killed
  await restart()
  const rows = usageRows(project)
  return { received, sent: stream.sent, billed: rows.reduce((sum, row) => sum + row.bytes_sent, 0), rows }
}

/** What was in the spool is in the stores once it listens again. */
async function restart(): Promise<void> {
  const serve: ServeProcess = await project.serve()
  await serve.stop()
}

describe('a gateway killed in the middle of a stream', () => {
  test('loses at most a second of it: slow events, over some seconds', async () => {
    // 100 bytes each 10 ms or a little more: at most 10,000 bytes a second.
    const { received, billed, sent, rows } = await killMidStream(10, 'x'.repeat(58), 25_000)
    expect(received - billed).toBeLessThanOrEqual(12_000)
    expect(billed).toBeLessThanOrEqual(sent)
    expect(rows.length).toBeGreaterThanOrEqual(2)
    expect(rows.map(({ count, outcome }) => [count, outcome])).toEqual(
      rows.map((_, index) => [index === 0 ? 1 : 0, 'open']),
    )
    const { total } = await project.json('usage', 'report')
    expect(total).toMatchObject({ requests: 1, billable: 1, usage_units: 1, bytes_sent: billed })
    // Tokens are metered as they are said: those of at most one second are lost.
    expect(Number(total.quantities.tokens)).toBeGreaterThan(received / 100 - 130)
    const { because } = await project.json('why', 'the-stream')
    expect(because).toMatch(/metered in \d+ parts\. It goes on, or gatez was killed meanwhile\./)
  })

  test('loses some 64 KiB of it, however fast it is', async () => {
    const { received, billed, sent, rows } = await killMidStream(0, 'x'.repeat(4_000), 20_000_000)
    expect(received - billed).toBeLessThanOrEqual(393_216)
    expect(billed).toBeLessThanOrEqual(sent)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect((await project.json('usage', 'report')).total).toMatchObject({ requests: 1, bytes_sent: billed })
  })
})

test('the parts of a stream that ends add up to what the client received, and read as one call', async () => {
  const expected = Array.from({ length: 150 }, (_, index) => say(index + 1, 'y'.repeat(1_000))).join('')
  upstream.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of expected.split(/(?<=\n\n)/)) {
      response.write(event)
      await pause(15)
    }
    response.end('data: [DONE]\n\n')
  }
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  const { body } = await client.call({ path: '/events', headers })
  expect(body.toString()).toBe(`${expected}data: [DONE]\n\n`)

  await until('the end is in the log', () => (usageRows(project).at(-1)?.outcome === 'ok' ? true : undefined))
  const rows = usageRows(project)
  expect(rows.length).toBeGreaterThanOrEqual(3)
  expect(rows.reduce((sum, row) => sum + row.bytes_sent, 0)).toBe(body.length)
  const { total } = await project.json('usage', 'report', '--meters', 'calls,bytes_out,tokens')
  expect(total).toMatchObject({ requests: 1, quantities: { calls: '1', tokens: '150' } })
  expect(total.quantities.bytes_out).toBe(String(body.length))

  const tail = await project.run('usage', 'tail', '--no-follow')
  expect(tail.match(/\/events \((?:open|end)\)/g)).toEqual(['/events (open)', '/events (end)'])
  const why = await project.json('why', 'the-stream')
  expect(why).toMatchObject({ verdict: 'billed', call: { outcome: 'ok', bytes_sent: body.length } })
  expect(why.call.quantities).toEqual({ tokens: '150' })
  expect(why.because).toContain(`metered in ${rows.length} parts`)
  expect(await serve.stop()).toBe(0)
})
