import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { onTestFinished } from 'vitest'
import { makeCertificates } from './certificates.ts'
import { RawUpstream } from './raw-upstream.ts'
import { refusingPort, silentPort } from './refusing.ts'
import { tempDir } from './temp-dir.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

/** An upstream that fails. */
export interface Failing {
  /** Its URL. */
  readonly url: string
  /** Connections to it that are open. */
  readonly open: () => number
}

/** A failure, what a client reads of it, and whether a GET may go to another target instead. */
export interface Failure {
  readonly why: string
  readonly start: () => Promise<Failing>
  readonly seen: Problem | { readonly head: 'chunked' | 'length'; readonly body: string }
  readonly repeats: boolean
}

/** What a client is told. */
export type Problem = readonly [status: number, code: string]

export const UNREACHABLE: Problem = [502, 'upstream-unreachable']
export const TIMEOUT: Problem = [504, 'upstream-timeout']

const sends = (bytes: string, then: (socket: Socket) => void) => (): Promise<Failing> =>
  raw((socket) => {
    if (bytes === '') then(socket)
    // Once the bytes are out, so that they arrive.
    else socket.write(bytes, () => setTimeout(then, 30, socket))
  })

/** Ends a connection as if the machine behind it were gone. */
export const reset = (socket: Socket): void => void socket.resetAndDestroy()
const close = (socket: Socket): void => void socket.end()
const wait = (): void => {}

/** Every state in which an upstream can fail a request without a body. */
export const FAILURES: readonly Failure[] = [
  {
    why: 'a name that no one has',
    start: async () => at('http://gatez-test.invalid'),
    seen: UNREACHABLE,
    repeats: true,
  },
  {
    why: 'a refused connection',
    start: async () => at(`http://127.0.0.1:${await refusingPort()}`),
    seen: UNREACHABLE,
    repeats: true,
  },
  {
    why: 'a connection that is never made',
    start: async () => at(`http://127.0.0.1:${await silentPort()}`),
    seen: TIMEOUT,
    repeats: true,
  },
  { why: 'a certificate of a stranger', start: stranger, seen: [502, 'upstream-tls'], repeats: true },
  { why: 'no TLS where it should be', start: noTls, seen: [502, 'upstream-tls'], repeats: true },
  { why: 'a reset before the head', start: sends('', reset), seen: UNREACHABLE, repeats: true },
  { why: 'an end before the head', start: sends('', close), seen: UNREACHABLE, repeats: true },
  { why: 'a reset in the head', start: sends('HTTP/1.1 200 O', reset), seen: UNREACHABLE, repeats: true },
  { why: 'an end in the head', start: sends('HTTP/1.1 200 O', close), seen: UNREACHABLE, repeats: true },
  { why: 'no head in time', start: sends('', wait), seen: TIMEOUT, repeats: false },
  { why: 'half a head in time', start: sends('HTTP/1.1 200 O', wait), seen: TIMEOUT, repeats: false },
  { why: 'a reset behind the head', start: sends(LENGTH, reset), seen: UNREACHABLE, repeats: false },
  { why: 'an end behind the head', start: sends(LENGTH, close), seen: UNREACHABLE, repeats: false },
  { why: 'nothing behind the head', start: sends(LENGTH, wait), seen: TIMEOUT, repeats: false },
  ...[reset, close, wait].flatMap((then): Failure[] => {
    const how = { reset: 'a reset', close: 'an end', wait: 'silence' }[then.name] ?? ''
    return [
      {
        why: `${how} behind the head of chunks`,
        start: sends(CHUNKED, then),
        seen: { head: 'chunked', body: '' },
        repeats: false,
      },
      {
        why: `${how} within its length`,
        start: sends(`${LENGTH}half`, then),
        seen: { head: 'length', body: 'half' },
        repeats: false,
      },
      {
        why: `${how} within a chunk`,
        start: sends(`${CHUNKED}a\r\nhalf`, then),
        seen: { head: 'chunked', body: '4\r\nhalf\r\n' },
        repeats: false,
      },
      {
        why: `${how} between chunks`,
        start: sends(`${CHUNKED}4\r\nhalf\r\n`, then),
        seen: { head: 'chunked', body: '4\r\nhalf\r\n' },
        repeats: false,
      },
      {
        why: `${how} before the last line`,
        start: sends(`${CHUNKED}4\r\nhalf\r\n0\r\n`, then),
        seen: { head: 'chunked', body: '4\r\nhalf\r\n' },
        repeats: false,
      },
    ]
  }),
]

/** An upstream to which nobody can have a connection. */
export const at = (url: string): Failing => ({ url, open: () => 0 })

/** An upstream that does this with each request. */
export async function raw(script: (socket: Socket) => void): Promise<Failing> {
  const upstream = await RawUpstream.start(script)
  return { url: `http://127.0.0.1:${upstream.port}`, open: () => upstream.sockets.size }
}

async function noTls(): Promise<Failing> {
  const upstream = await RawUpstream.start(() => {})
  upstream.onConnection = (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
  return { url: `https://127.0.0.1:${upstream.port}`, open: () => upstream.sockets.size }
}

async function stranger(): Promise<Failing> {
  const pem = makeCertificates(tempDir())
  const server = createServer({ key: pem('server.key'), cert: pem('server.pem') })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return { url: await listen(server), open: () => sockets.size }
}

/** The URL of a server that speaks TLS, once it listens. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}
