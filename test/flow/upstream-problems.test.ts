import { expect, test } from 'vitest'
import type { RawAnswer } from '../support/answer-parser.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { usageRows } from '../support/usage-rows.ts'

/** A gateway whose upstream may be late by 300 ms. */
async function scene() {
  const upstream = await CountingUpstream.start()
  const timeouts = { connect: '300ms', headers: '300ms', idle: '300ms' }
  const plans = {
    open: {
      limits: [{ requests: 100, per: 'day' }],
      quotas: [{ meter: 'calls', per: 'month', included: 50 }],
    },
  }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, timeouts, plans }))
  const headers = { 'x-api-key': await project.tenant('acme', 'open') }
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  return { upstream, project, serve, call: () => client.call({ path: '/x', headers }) }
}

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('gatez-error')).toBe(code)
  const problem = JSON.parse(answer.body.toString())
  expect(problem).toMatchObject({ status, code, type: `urn:gatez:errors:${code}`, title: expect.any(String) })
  expect(problem.request_id).toBe(answer.headers.get('x-request-id'))
  // Where the upstream is, and what it said, is nobody's business.
  expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|ECONN|UND_|undici|\bat /)
}

test('an upstream that is down is 502 upstream-unreachable, and works again when it is back', async () => {
  const { upstream, project, serve, call } = await scene()
  const { port } = upstream
  upstream.stop()
  expectProblem(await call(), 502, 'upstream-unreachable')
  await upstream.startAgain(port)
  const answer = await call()
  expect(answer.status).toBe(200)
  // The limit counts admissions; the quota was given back, since nothing was billed.
  expect(answer.headers.get('ratelimit')).toMatch(/^"tenant-day";r=98;t=\d+, "[^"]+";r=49;/)
  expect(await serve.stop()).toBe(0)
  expect(usageRows(project)).toMatchObject([
    { status_code: 502, outcome: 'upstream_error', refusal: 'upstream-unreachable', billable: 0 },
    { status_code: 200, outcome: 'ok', billable: 1 },
  ])
})

test('an upstream that is too slow is 504 upstream-timeout, before its head and not after', async () => {
  const { upstream, project, serve, call } = await scene()
  const before = upstream.answer
  upstream.answer = () => {}
  expectProblem(await call(), 504, 'upstream-timeout')
  upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 10 })
    response.write('half')
  }
  await expect(call()).rejects.toThrow('broke')
  upstream.answer = before
  expect(await serve.stop()).toBe(0)
  expect(usageRows(project)).toMatchObject([
    { status_code: 504, outcome: 'upstream_error', refusal: 'upstream-timeout', billable: 0 },
    { status_code: 200, outcome: 'upstream_truncated', billable: 0, bytes_sent: 4 },
  ])
})

test('an upstream that hangs up is 502, and the connection of the client goes on', async () => {
  const { upstream, project, serve, call } = await scene()
  const before = upstream.answer
  upstream.answer = (request) => void request.socket.destroy()
  expectProblem(await call(), 502, 'upstream-unreachable')
  upstream.answer = (request) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n')
  expectProblem(await call(), 502, 'upstream-invalid-response')
  upstream.answer = before
  expect((await call()).status).toBe(200)
  expect(await serve.stop()).toBe(0)
  expect(usageRows(project).map((row) => row.billable)).toEqual([0, 0, 1])
})
