import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { isLast, type ReadRequest, readRequest, valuesOf } from './request-reader.ts'

/** What reached the origin as one request. */
export interface OriginRequest {
  /** Which connection it came on, counted from 1. */
  readonly connection: number
  /** Exactly as they came, latin1. */
  readonly bytes: string
  readonly target: string
  /** Why it is not canonical; empty when it is. */
  readonly problems: readonly string[]
}

/** The field of an answer that says which target it answers. */
export const ECHO = 'x-origin-target'

/**
 * An upstream that judges every byte it gets, and answers each request with its own target.
 *
 * It never refuses: what is not canonical is remembered, and then read as a careless server would, so
 * that a disagreement over where a message ends shows in who gets which answer.
 */
export class RawOrigin {
  readonly requests: OriginRequest[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connections = 0

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<RawOrigin> {
    const origin = new RawOrigin()
    origin.#server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 })
    await once(origin.#server, 'listening')
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    this.#connections += 1
    const connection = this.#connections
    let bytes = ''
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (piece: Buffer) => {
      bytes = this.#read(socket, connection, bytes + piece.toString('latin1'))
    })
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#keepRest(connection, bytes)
    })
  }

  /** Answers what is whole in `bytes`, and returns the rest. */
  #read(socket: Socket, connection: number, bytes: string): string {
    let at = 0
    for (;;) {
      const reading = readRequest(bytes, at)
      if (reading.kind !== 'request') return bytes.slice(at)
      const { request } = reading
      const problems = [...request.problems, ...notCanonical(request, request.start - at)]
      const { target, end } = request
      this.requests.push({ connection, target, problems, bytes: bytes.slice(at, end) })
      answer(socket, request)
      at = end
    }
  }

  /** A connection that ends in the middle of a request: fine, as long as its head was. */
  #keepRest(connection: number, bytes: string): void {
    const reading = readRequest(bytes, 0)
    if (reading.kind !== 'incomplete' || reading.problems.length === 0) return
    const target = bytes.split(/\s+/)[1] ?? ''
    this.requests.push({ connection, target, problems: reading.problems, bytes })
  }
}

/** What a well-formed request may have and one that a proxy made may not. */
function notCanonical(request: ReadRequest, skipped: number): readonly string[] {
  const problems: string[] = []
  const codings = valuesOf(request, 'transfer-encoding')
  if (skipped > 0) problems.push('line ends before the request line')
  if (request.version !== 'HTTP/1.1') problems.push(`the version ${request.version}`)
  if (request.method === 'CONNECT') problems.push('a tunnel')
  if (!request.target.startsWith('/')) problems.push('a target that is no path')
  if (codings.some((each) => each !== 'chunked')) problems.push('a coding that is not plainly chunked')
  if (codings.length + valuesOf(request, 'content-length').length > 1) problems.push('more than one framing')
  if (valuesOf(request, 'host').length !== 1) problems.push('not one Host')
  return problems
}

function answer(socket: Socket, request: ReadRequest): void {
  const echo = encodeURIComponent(request.target).slice(0, 200)
  const over = request.lost || isLast(request)
  const head = [
    'HTTP/1.1 200 OK',
    `Content-Length: ${echo.length}`,
    `${ECHO}: ${echo}`,
    ...(over ? ['Connection: close'] : []),
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${request.method === 'HEAD' ? '' : echo}`)
  if (over) socket.end()
}
