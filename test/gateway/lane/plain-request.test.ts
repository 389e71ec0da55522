import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { type PlainRequest, readPlainRequest } from '../../../src/gateway/lane/plain-request.ts'
import { payloads } from '../../manners/payloads.ts'
import { expectAlike } from './compare.ts'
import { MemorySocket, settled } from './memory-socket.ts'
import { mutants } from './mutants.ts'

/** A million in the run that `docs/gateway.md` tells of. */
const MESSAGES = Number(process.env.GATEZ_LANE_MESSAGES ?? 200_000)

const USUAL = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /v1/orders?page=2&q=%20x HTTP/1.1\r\nHost: api.example.com:8080\r\nx-api-key: gz_live_1\r\nAccept: */*\r\n\r\n',
  'DELETE /v1/orders/7 HTTP/1.1\r\nhost:a\r\nUser-Agent: curl/8.5.0\r\nConnection: keep-alive\r\n\r\n',
  'HEAD /a;b=c/@x HTTP/1.1\r\nHost: a\r\nCookie: a=1; b="2"\r\nauthorization: Bearer gz_live_2\r\n\r\n',
  'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"a":"\r\n\r\n"}',
  'PUT /v1/orders/7 HTTP/1.1\r\nHost: a\r\ncontent-length:1\r\n\r\nG',
  'PATCH / HTTP/1.1\r\nContent-Length: 29\r\nHost: a\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a',
  'OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\nAccess-Control-Request-Method: GET\r\n\r\n',
]

const CANARY = 'GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n'

/** What node:http reads of bytes, and of one request more behind them. */
class NodeReader {
  readonly #server = createServer({ requireHostHeader: false })
  readonly #seen = new Map<unknown, string[]>()

  constructor() {
    this.#server.maxHeadersCount = 0
    this.#server.on('request', (request, response) => {
      const { method, url, rawHeaders, httpVersion, socket } = request
      const goesOn = response.shouldKeepAlive
      let body = ''
      request.on('data', (piece: Buffer) => {
        body += piece.toString('latin1')
      })
      request.on('end', () => {
        this.#note(socket, JSON.stringify({ method, url, fields: rawHeaders, body, httpVersion, goesOn }))
      })
      // Bodies are read behind the head: the next request tells where they ended.
      response.end()
    })
    for (const event of ['checkContinue', 'checkExpectation', 'upgrade', 'connect'] as const) {
      this.#server.on(event, (request: { socket: unknown }) => this.#note(request.socket, event))
    }
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#note(socket, `${error.code}`),
    )
  }

  async read(bytes: readonly string[]): Promise<readonly (readonly string[])[]> {
    const sockets = bytes.map((one) => {
      const socket = new MemorySocket()
      this.#server.emit('connection', socket)
      socket.push(Buffer.from(one, 'latin1'))
      socket.push(Buffer.from(CANARY, 'latin1'))
      return socket
    })
    await settled()
    const seen = sockets.map((socket) => this.#seen.get(socket) ?? [])
    for (const socket of sockets) socket.destroy()
    this.#seen.clear()
    return seen
  }

  #note(socket: unknown, what: string): void {
    const seen = this.#seen.get(socket)
    if (seen === undefined) this.#seen.set(socket, [what])
    else seen.push(what)
  }
}

const canary = {
  ...{ method: 'GET', url: '/canary', fields: ['Host', 'canary'], body: '' },
  ...{ httpVersion: '1.1', goesOn: true },
}

function told({ method, url, fields, body }: PlainRequest): string {
  const text = body?.toString('latin1') ?? ''
  return JSON.stringify({ method, url, fields, body: text, httpVersion: '1.1', goesOn: true })
}

test(`what the fast lane takes for a request node:http reads alike, and ends where it does: ${MESSAGES} messages`, async () => {
  const corpus = [...payloads('gz_live_1').map(({ bytes }) => bytes), ...repeated(USUAL, 1_500)]
  const reader = new NodeReader()
  const taken = await expectAlike({
    messages: mutants(corpus, MESSAGES, 1),
    read: (bytes) => {
      const plain = readPlainRequest(bytes)
      return plain && [told(plain), JSON.stringify(canary)]
    },
    others: (messages) => reader.read(messages),
  })
  console.log(`${MESSAGES} messages: the fast lane took ${taken}`)
  expect(taken).toBeGreaterThan(MESSAGES / 10)
}, 600_000)

test.each(USUAL)('a usual request is taken: %j', (bytes) => {
  expect(readPlainRequest(Buffer.from(bytes, 'latin1'))).toBeDefined()
})

function repeated(messages: readonly string[], times: number): readonly string[] {
  return messages.flatMap((message) => Array.from({ length: times }, () => message))
}

test('a body is in memory of its own: the next piece is read into that of the request', () => {
  const bytes = Buffer.from('PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
  const request = readPlainRequest(bytes)
  bytes.fill('x')
  expect(request?.body?.toString()).toBe('body')
})
