import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'
import { listen } from '../support/failing-upstreams.ts'
import { startGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { tempDir } from '../support/temp-dir.ts'

// Whoever can cut a TCP connection cannot say goodbye in TLS: an answer that ends so may have been cut short.

const HEAD = 'HTTP/1.1 200 OK\r\n'

/** Calls a gateway whose upstream speaks TLS, answers with `bytes` and ends `how`. */
async function callOver(bytes: string, how: 'goodbye' | 'cut') {
  const pem = makeCertificates(tempDir())
  const below: Socket[] = []
  const server = createServer({ key: pem('server.key'), cert: pem('server.pem') }, (socket: TLSSocket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      if (how === 'goodbye') socket.end(bytes)
      else
        socket.write(bytes, () => {
          for (const each of below) each.end()
        })
    })
  })
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    below.push(socket)
  })
  const url = await listen(server)
  const tls = { ca: pem('ca.pem'), cert: null, key: null, serverName: null }
  const gateway = await startGateway({ api: { upstreams: [url], tls } })
  const call = `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`
  const received = await exchangeBytes(gateway.port, call)
  const [event] = await gateway.events()
  return { received, event }
}

describe('an answer over TLS', () => {
  test('that ends with a goodbye is whole', async () => {
    const { received, event } = await callOver(`${HEAD}\r\nall of it`, 'goodbye')
    expect(received).toMatch(/\r\n9\r\nall of it\r\n0\r\n\r\n$/)
    expect(event).toMatchObject({ outcome: 'ok', billable: true })
  })

  // One whose end is the end of its connection is not here: Node does not tell a cut one (docs/decisions/0012).
  test.each([
    { framing: 'Content-Length: 10\r\n', body: 'half', why: 'with a length' },
    { framing: 'Transfer-Encoding: chunked\r\n', body: '4\r\nhalf\r\n', why: 'in chunks' },
  ])('$why that is cut without one never looks whole, and is not billed', async ({ framing, body }) => {
    const { received, event } = await callOver(`${HEAD}${framing}\r\n${body}`, 'cut')
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(event).toMatchObject({ billable: false })
    expect(event?.outcome).toMatch(/^upstream_(?:truncated|error)$/)
  })
})
