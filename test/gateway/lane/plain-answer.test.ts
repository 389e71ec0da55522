import Client from 'undici/lib/dispatcher/client.js'
import { expect, test } from 'vitest'
import { type PlainAnswer, readPlainAnswer } from '../../../src/gateway/lane/plain-answer.ts'
import { expectAlike } from './compare.ts'
import { MemorySocket, settled } from './memory-socket.ts'
import { mutants } from './mutants.ts'

/** A million in the run that `docs/gateway.md` tells of. */
const MESSAGES = Number(process.env.GATEZ_LANE_MESSAGES ?? 100_000)

const USUAL = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 13\r\n\r\n{"error":"x"}',
  'HTTP/1.1 204 No Content\r\nServer: nginx/1.22.1\r\nConnection: keep-alive\r\n\r\n',
  'HTTP/1.1 503 \r\ncontent-length:0\r\nRetry-After: 3\r\n\r\n',
  'HTTP/1.1 200 OK\r\nETag: W/"5-x"\r\nContent-Length: 12\r\nX-Powered-By: Express\r\n\r\n\r\n\r\nGET / \xff\x00',
]

/** What undici reads of bytes as the answer to a GET; one answer behind another would be an error. */
async function readByUndici(messages: readonly string[]): Promise<readonly string[]> {
  const reads = messages.map((bytes) => {
    // What comes before a call was written is the answer to none.
    const socket = new MemorySocket(() => socket.push(Buffer.from(bytes, 'latin1')))
    const client = new Client('http://a', {
      keepAliveTimeout: 4_000,
      connect: (_address, callback) => queueMicrotask(() => callback(null, socket as never)),
    })
    const read: unknown[] = []
    client.on('disconnect', (_origin, _targets, error) => read.push(['closed', error.message]))
    client.dispatch(
      { method: 'GET', path: '/', body: null },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, status, headers, statusText) => {
          read.push({ status, statusText, headers })
        },
        onResponseData: (_controller, piece) => void read.push(piece.toString('latin1')),
        onResponseEnd: () => void read.push('end'),
        onResponseError: (_controller, error) => void read.push(['failed', error.message]),
      },
    )
    return { client, read }
  })
  await settled()
  const told = reads.map(({ read }) => JSON.stringify(read))
  await Promise.all(reads.map(({ client }) => client.destroy()))
  return told
}

function told({ status, statusText, headers, body, keepsSeconds }: PlainAnswer): string {
  const pieces = body.length === 0 ? [] : [body.toString('latin1')]
  // An upstream that keeps a connection for so short gets no other call on it; the lane sees to that, too.
  const closed = keepsSeconds !== undefined && keepsSeconds <= 2 ? [['closed', 'reset']] : []
  return JSON.stringify([{ status, statusText, headers }, ...pieces, 'end', ...closed])
}

test(`what the fast lane takes for an answer undici reads alike, and goes on behind it: ${MESSAGES} messages`, async () => {
  const taken = await expectAlike({
    messages: mutants(USUAL, MESSAGES, 2),
    read: (bytes) => {
      const plain = readPlainAnswer(bytes)
      return plain && told(plain)
    },
    others: readByUndici,
  })
  console.log(`${MESSAGES} messages: the fast lane took ${taken}`)
  expect(taken).toBeGreaterThan(MESSAGES / 10)
}, 1_200_000)

test.each(USUAL)('a usual answer is taken: %j', (bytes) => {
  expect(readPlainAnswer(Buffer.from(bytes, 'latin1'))).toBeDefined()
})
