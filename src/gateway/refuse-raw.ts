import { ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from './refusal.ts'

/** What an answer says that belongs to no request. */
export interface RawPlace {
  /** Ours: what was sent could not be read. */
  readonly requestId: string
  readonly docsUrl: string | null
  /** Bytes a head may have, for the detail. */
  readonly headBytesMax: number
}

/** Answers what Node's parser could not read, which never became a request, and closes the connection. */
export function refuseBroken(error: NodeJS.ErrnoException, socket: Socket, place: RawPlace): void {
  if (!socket.writable || error.code === 'ECONNRESET' || !mayAnswer(socket)) {
    socket.destroy()
    return
  }
  refuseRaw(socket, problemOf(error, place.headBytesMax), place)
}

/** Refuses a tunnel: `CONNECT` never comes as a request. */
export function refuseTunnel(socket: Socket, place: RawPlace): void {
  const refusal = new Refusal('method-not-allowed', 'CONNECT is not offered here.', {
    headers: ['Allow', 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'],
  })
  refuseRaw(socket, refusal, place)
}

/** The answer that a connection is waiting for or that is being sent on it; undefined when there is none. */
export function owedAnswer(socket: Socket): ServerResponse | undefined {
  const owed: unknown = '_httpMessage' in socket ? socket._httpMessage : undefined
  return owed instanceof ServerResponse ? owed : undefined
}

/**
 * Whether a problem written to this connection would be read as the answer to what was broken.
 *
 * Not when an answer has begun, or is still owed to an earlier, whole request.
 */
function mayAnswer(socket: Socket): boolean {
  const owed = owedAnswer(socket)
  return owed === undefined || (!owed.headersSent && !owed.req.complete)
}

function refuseRaw(socket: Socket, refusal: Refusal, { requestId, docsUrl }: RawPlace): void {
  const body = refusal.toJson(requestId, docsUrl)
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `gatez-error: ${refusal.code}`,
    `x-request-id: ${requestId}`,
    'Connection: close',
  ]
  for (let index = 0; index + 1 < refusal.headers.length; index += 2) {
    lines.push(`${refusal.headers[index]}: ${refusal.headers[index + 1]}`)
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  // Node forgets a connection whose parser failed: no timeout would ever end it.
  socket.destroySoon()
}

function problemOf(error: NodeJS.ErrnoException, headBytesMax: number): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal('headers-too-large', `The request head is larger than ${headBytesMax} bytes.`)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal('request-timeout', 'The request did not arrive in time.')
    default:
      return new Refusal('malformed-request', 'The request is not well-formed HTTP/1.1.')
  }
}
