import type { Socket } from 'node:net'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const BYTES = 1024 * 1024
const UPLOADS = 80
const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'
const IDEMPOTENCY = { keepMs: 60_000, bodyBytesMax: BYTES, answerBytesMax: 1_000 }

/** An upstream that takes uploads, one on each connection, and answers each once all of it is there. */
const taking = () =>
  RawUpstream.start((socket, _head, rest) => {
    let left = BYTES - rest.length
    const take = (): void => {
      if (left === 0) socket.write(OK)
    }
    take()
    socket.on('data', (piece: Buffer) => {
      left -= piece.length
      take()
    })
  })

describe('of many large uploads', () => {
  test.each([
    { way: 'that pass', field: '' },
    { way: 'that are read whole first', field: 'Idempotency-Key: k' },
  ])(
    '$way a gateway reads little in a turn of the event loop, and all come as they were sent',
    async (row) => {
      const upstream = await taking()
      const gateway = await startGateway({
        upstreamPort: upstream.port,
        policy: { idempotency: IDEMPOTENCY },
      })
      const accepted: Socket[] = []
      gateway.server.server.on('connection', (socket: Socket) => accepted.push(socket))
      const clients = await Promise.all(
        Array.from({ length: UPLOADS }, () => RawSocket.connect(gateway.port)),
      )
      await until('all are accepted', () => accepted.length === UPLOADS || undefined)
      for (const [index, client] of clients.entries()) {
        const field = row.field === '' ? '' : `${row.field}${index}\r\n`
        const fields = `Host: a\r\nx-api-key: ${gateway.secret}\r\n${field}Content-Length: ${BYTES}\r\n`
        client.send(`POST /a HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`)
        client.send(Buffer.alloc(BYTES, 'x'))
      }
      const inTurns: number[] = []
      let read = 0
      while (read < UPLOADS * BYTES) {
        const before = read
        await turnOfLoop()
        read = accepted.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
        inTurns.push(read - before)
      }
      // The first pieces of all of them are read in two turns. Left alone a gateway reads all in four.
      expect(inTurns.toSorted((left, right) => right - left)[2]).toBeLessThan(5_000_000)
      for (const client of clients) expect(await client.sawEnd()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
      const events = await gateway.events()
      expect(events.map(({ bytesReceived }) => bytesReceived)).toEqual(Array(UPLOADS).fill(BYTES))
    },
  )
})
