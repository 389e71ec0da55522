import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

// A head is judged alike whoever answers: an upstream, or gatez itself.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const PATHS = ['/a', '/v1/events', '/gatez/usage', '/gatez/health']

async function start() {
  const upstream = await RawUpstream.answering(OK)
  const gateway = await startGateway({ upstreamPort: upstream.port })
  return { upstream, gateway }
}

const key = ({ secret }: TestGateway): string => `x-api-key: ${secret}`

describe.each(PATHS)('on %s', (path) => {
  test.each([
    { why: 'two Hosts', lines: ['HTTP/1.1', 'Host: a', 'Host: b'], code: 'invalid-target' },
    { why: 'no Host', lines: ['HTTP/1.1'], code: 'invalid-target' },
    { why: 'a Host that is none', lines: ['HTTP/1.1', 'Host: a/b'], code: 'invalid-target' },
    { why: 'another version', lines: ['HTTP/2.0', 'Host: a'], code: 'malformed-request' },
    {
      why: '101 fields',
      lines: ['HTTP/1.1', 'Host: a', ...Array.from({ length: 100 }, () => 'x: y')],
      code: 'headers-too-large',
    },
    {
      why: 'chunks in HTTP/1.0, where a server before gatez sees none',
      lines: ['HTTP/1.0', 'Connection: keep-alive', 'Transfer-Encoding: chunked'],
      code: 'malformed-request',
    },
    {
      why: 'a coding that is not understood',
      lines: ['HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'],
      code: 'unsupported-transfer-coding',
    },
    { why: 'an expectation', lines: ['HTTP/1.1', 'Host: a', 'Expect: 200-ok'], code: 'expectation-failed' },
  ])('$why: $code, and what comes behind is not answered', async ({ lines, code }) => {
    const { gateway, upstream } = await start()
    const [version, ...fields] = lines
    const isCoded = fields.some((field) => field.startsWith('Transfer-Encoding'))
    const framing = isCoded ? '5\r\nhello\r\n0\r\n\r\n' : ''
    const head = [
      `POST ${path} ${version}`,
      key(gateway),
      ...(isCoded ? [] : ['Connection: close']),
      ...fields,
    ]
    const received = await exchangeBytes(gateway.port, `${head.join('\r\n')}\r\n\r\n${framing}`)
    expect(received.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1)
    expect(received).toContain(`gatez-error: ${code}\r\n`)
    expect(upstream.heads).toEqual([])
  })

  test('a request id that the client sent is the id of its answer', async () => {
    const { gateway } = await start()
    const head = [
      `GET ${path} HTTP/1.1`,
      'Host: a',
      'x-request-id: mine-1',
      'Connection: close',
      key(gateway),
    ]
    expect(await exchangeBytes(gateway.port, `${head.join('\r\n')}\r\n\r\n`)).toMatch(
      /\r\nx-request-id: mine-1\r\n/,
    )
  })
})

describe('Expect', () => {
  const upload = (gateway: TestGateway, version: string, expectation: string): string =>
    [
      ...[`POST /a ${version}`, 'Host: a', key(gateway), 'Content-Length: 5', 'Connection: close'],
      ...[`Expect: ${expectation}`, '', 'hello'],
    ].join('\r\n')

  test('of HTTP/1.0 means nothing: it knows no 100', async () => {
    const { gateway } = await start()
    for (const expectation of ['100-continue', '200-ok']) {
      expect(await exchangeBytes(gateway.port, upload(gateway, 'HTTP/1.0', expectation))).toMatch(
        /^HTTP\/1\.1 200 /,
      )
    }
  })

  test('of HTTP/1.0 means nothing to what gatez answers itself', async () => {
    const { gateway } = await start()
    const bytes = upload(gateway, 'HTTP/1.0', '100-continue').replace('/a', '/v1/events')
    expect(await exchangeBytes(gateway.port, bytes)).toMatch(/^HTTP\/1\.1 4/)
  })

  test('is met in any case, and goes no further', async () => {
    const { gateway, upstream } = await start()
    const received = await exchangeBytes(gateway.port, upload(gateway, 'HTTP/1.1', '100-CONTINUE'))
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    expect(upstream.heads[0]).not.toMatch(/expect/i)
  })

  test.each(['200-ok', '100-continue, x', 'x=100-continue', '"100-continue"'])(
    '%s is refused, and its body is not read as a request',
    async (expectation) => {
      const { gateway, upstream } = await start()
      const canary = `GET /canary HTTP/1.1\r\nHost: a\r\n${key(gateway)}\r\n\r\n`
      const bytes = upload(gateway, 'HTTP/1.1', expectation)
        .replace('Content-Length: 5', `Content-Length: ${canary.length}`)
        .replace(/hello$/, canary)
      const received = await exchangeBytes(gateway.port, bytes)
      expect(received).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n/)
      expect(received.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1)
      expect(upstream.heads).toEqual([])
    },
  )
})
