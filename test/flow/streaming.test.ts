import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, test } from 'vitest'
import { bodyOf, CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

let upstream: CountingUpstream
let project: Project
let headers: Record<string, string>

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } }))
  headers = { 'x-api-key': await project.tenant('acme', 'open') }
})

describe('a stream', () => {
  test('reaches the client piece by piece, each before the upstream sends the next', async () => {
    const started = Promise.withResolvers<ServerResponse>()
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      started.resolve(response)
    }
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    let received = ''
    const answered = client.call({ path: '/events', headers }, (piece) => {
      received += piece
    })
    const stream = await started.promise
    let sent = ''
    for (const word of ['one', 'two', 'three']) {
      stream.write(`data: ${word}\n\n`)
      sent += `data: ${word}\n\n`
      await until(`the piece ${word} arrives`, () => (received === sent ? true : undefined), 1000)
    }
    stream.end()
    const answer = await answered
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    expect(answer.body.toString()).toBe(sent)
    expect(await serve.stop()).toBe(0)
    expect(usageRows(project)).toMatchObject([{ outcome: 'ok', billable: 1, bytes_sent: sent.length }])
  })

  test('that the upstream paces is not ended by gatez, and one that the client leaves is ended upstream', async () => {
    const streams: ServerResponse[] = []
    upstream.answer = (_request, response) => {
      response.writeHead(200)
      response.write('first')
      streams.push(response)
    }
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    const arrived = Promise.withResolvers<void>()
    const call = client.call({ path: '/events', headers }, () => arrived.resolve())
    await arrived.promise
    client.destroy()
    await expect(call).rejects.toThrow('broke')
    await until('the upstream is told', () => (streams[0]?.destroyed ? true : undefined))
    expect(await serve.stop()).toBe(0)
    expect(usageRows(project)).toMatchObject([{ outcome: 'client_aborted', billable: 1, bytes_sent: 5 }])
  })

  test.each([
    { how: 'with Content-Length', fields: { 'content-length': 5_000_000 } },
    { how: 'chunked', fields: {} },
  ])('of 5 MB down, $how, arrives byte by byte the same', async ({ fields }) => {
    const bytes = randomBytes(5_000_000)
    upstream.answer = (_request, response) => {
      response.writeHead(200, fields)
      response.end(bytes)
    }
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    const answer = await client.call({ path: '/large', headers })
    expect(digest(answer.body)).toBe(digest(bytes))
    expect(await serve.stop()).toBe(0)
    // So large an answer is metered in parts, which add up to it.
    const rows = usageRows(project)
    expect(rows.at(-1)).toMatchObject({ outcome: 'ok' })
    expect(rows.reduce((sum, row) => sum + Number(row.bytes_sent), 0)).toBe(5_000_000)
  })

  test('of 5 MB up arrives byte by byte the same, and reaches the upstream before it ended', async () => {
    const bytes = randomBytes(5_000_000)
    const half = bytes.length / 2
    let arrived = 0
    upstream.answer = async (request, response) => {
      request.on('data', (chunk) => {
        arrived += chunk.length
      })
      response.end(digest(await bodyOf(request)))
    }
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    const answered = client.call({
      method: 'POST',
      path: '/large',
      headers: { ...headers, 'content-length': String(bytes.length) },
    })
    client.write(bytes.subarray(0, half))
    await until('the upstream has the first half', () => (arrived === half ? true : undefined))
    client.write(bytes.subarray(half))
    expect((await answered).body.toString()).toBe(digest(bytes))
    expect(await serve.stop()).toBe(0)
    expect(usageRows(project)).toMatchObject([{ outcome: 'ok', bytes_received: 5_000_000 }])
  })

  test('is slowed down for a slow client instead of being kept in memory', async () => {
    const megabyte = Buffer.alloc(1_000_000)
    let written = 0
    upstream.answer = (_request, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (written < 200) {
          written += 1
          if (!response.write(megabyte)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    let received = 0
    const answered = client.call({ path: '/large', headers }, (piece) => {
      if (received === 0) client.pause()
      received += piece.length
    })
    // What fits into the buffers on the way is sent; then nothing moves until the client reads on.
    let seenMb = -1
    await until('the upstream has to wait', () => {
      const still = written === seenMb && received > 0
      seenMb = written
      return still ? true : undefined
    })
    expect(seenMb).toBeLessThan(100)
    client.resume()
    expect((await answered).body.length).toBe(200_000_000)
  })
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
