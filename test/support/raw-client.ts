import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { AnswerParser, type RawAnswer } from './answer-parser.ts'
import { atEnd } from './at-end.ts'

/**
 * One keep-alive connection that knows when an answer arrived to its last byte, not a moment later.
 *
 * One call at a time. A connection that breaks rejects the call on it: its answer is not complete.
 */
export class RawClient {
  readonly #socket: Socket
  readonly #parser = new AnswerParser()
  #call: PromiseWithResolvers<RawAnswer> | undefined
  #onPiece: ((bytes: Buffer) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', () => {})
    socket.on('close', () =>
      this.#call?.reject(new Error('the connection broke before the answer was whole')),
    )
    atEnd(() => {
      socket.destroy()
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Sends one request and resolves to its whole answer. `onPiece` gets each piece of the body as it comes. */
  call(request: RawRequest, onPiece?: (bytes: Buffer) => void): Promise<RawAnswer> {
    const { method = 'GET', path, headers = {}, body } = request
    const call = Promise.withResolvers<RawAnswer>()
    this.#call = call
    if (this.closed) call.reject(new Error('the connection is closed'))
    this.#onPiece = onPiece
    this.#parser.expect(method)
    const fields = Object.entries({ host: 'localhost', ...headers })
    if (body !== undefined) fields.push(['content-length', String(body.length)])
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    if (body !== undefined) this.#socket.write(body)
    return call.promise
  }

  /** Whether the other side ended the connection. */
  get closed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded
  }

  /** Whether a call waits for its answer. */
  get busy(): boolean {
    return this.#call !== undefined
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Stops reading, so that the other side has to wait. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    const answer = this.#parser.push(bytes, this.#onPiece)
    if (answer === undefined) return
    const call = this.#call
    this.#call = undefined
    call?.resolve(answer)
  }
}

/** Many connections to one port. */
export function connectAll(port: number, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.connect(port)))
}

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}
