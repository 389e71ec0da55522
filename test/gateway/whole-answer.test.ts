import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FieldWriter, writeField } from '../../src/gateway/field-writer.ts'
import { sendWhole } from '../../src/gateway/whole-answer.ts'
import { RawSocket } from '../support/raw-socket.ts'

const BODY = 'grüße\0\xff'
const FIELDS = [
  ...['content-type', 'text/plain; charset=latin1', 'content-length', String(BODY.length)],
  ...['date', 'Sat, 21 Nov 2026 10:00:00 GMT', 'set-cookie', 'a=1', 'set-cookie', 'b=ü'],
]

/** What gatez adds. */
const OWN = {
  endsConnection: false,
  writeOwn: (to: FieldWriter) => {
    writeField(to, 'x-request-id', 'r-1')
    to.name('RateLimit')
    to.text('"day";r=')
    to.number(9)
    to.text(';t=60')
    to.end()
  },
}
const ALL = [...FIELDS, 'x-request-id', 'r-1', 'RateLimit', '"day";r=9;t=60']
const NOTHING = { endsConnection: false, writeOwn: () => {} }

/** Sends `request` to a server that answers with `respond`, and returns all bytes it got by the last of the body. */
async function bytesOf(request: string, respond: (response: ServerResponse) => void): Promise<string> {
  // A moment later, as behind an upstream: only then is the request known to be whole.
  const server = createServer({ keepAliveTimeout: 65_000 }, (_request, response) => {
    setImmediate(respond, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const client = await RawSocket.connect(typeof address === 'object' && address !== null ? address.port : 0)
  client.send(request)
  return client.sees(/\xff|done/)
}

const usual = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

test.each([200, 201, 404, 500])(
  'a whole answer of status %i is byte by byte what node:http would send',
  async (status) => {
    const common = await bytesOf(usual('/'), (response) => {
      response.writeHead(status, ALL)
      response.end(BODY, 'latin1')
    })
    let sent: boolean | undefined
    const whole = await bytesOf(usual('/'), (response) => {
      sent = sendWhole(response, status, FIELDS, OWN, Buffer.from(BODY, 'latin1'))
    })
    expect(sent).toBe(true)
    expect(whole).toBe(common)
  },
)

test('the connection goes on: two requests in one packet get two answers in their order', async () => {
  let count = 0
  const received = await bytesOf(usual('/') + usual('/'), (response) => {
    count += 1
    const body = count === 2 ? 'done' : 'once'
    const fields = ['content-length', '4', 'date', 'Sat, 21 Nov 2026 10:00:00 GMT']
    if (!sendWhole(response, 200, fields, NOTHING, Buffer.from(body))) response.destroy()
  })
  expect(received.match(/HTTP\/1.1 200 OK|once|done/g)).toEqual([
    'HTTP/1.1 200 OK',
    'once',
    'HTTP/1.1 200 OK',
    'done',
  ])
})

describe('nothing is sent, and false says so,', () => {
  test.each([
    { why: 'to HTTP/1.0', request: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', fields: FIELDS, status: 200 },
    { why: 'to HEAD', request: usual('/').replace('GET', 'HEAD'), fields: FIELDS, status: 200 },
    {
      why: 'to a client that closes',
      request: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      fields: FIELDS,
      status: 200,
    },
    { why: 'without a date', request: usual('/'), fields: ['content-length', '8'], status: 200 },
    {
      why: 'when the connection is to end',
      request: usual('/'),
      fields: [...FIELDS, 'Connection', 'close'],
      status: 200,
    },
    {
      why: 'when the gateway ends the connection',
      request: usual('/'),
      fields: FIELDS,
      status: 200,
      own: { ...OWN, endsConnection: true },
    },
    { why: 'for 204', request: usual('/'), fields: FIELDS, status: 204 },
    { why: 'for a status without a reason', request: usual('/'), fields: FIELDS, status: 299 },
  ])('$why', async ({ request, fields, status, own = OWN }) => {
    let sent: boolean | undefined
    const received = await bytesOf(request, (response) => {
      sent = sendWhole(response, status, fields, own, Buffer.from(BODY, 'latin1'))
      response.setHeader('x-fallback', 'done')
      response.end()
    })
    expect(sent).toBe(false)
    expect(received).toContain('x-fallback: done')
  })
})
