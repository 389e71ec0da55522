import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * The body of a request on its way upstream, without copying a byte of it.
 *
 * Not the request itself: undici destroys the stream it was given when the upstream answers early or
 * breaks off, and a destroyed request takes its connection down, with the answer the client is owed.
 * What is unread by then is read and thrown away.
 */
export class Upload extends Readable {
  readonly #request: IncomingMessage
  #started = false

  constructor(request: IncomingMessage) {
    super()
    this.#request = request
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true
      this.#request.on('data', this.#pass)
      this.#request.on('end', this.#finish)
    }
    this.#request.resume()
  }

  // The error is undici's own: told again, with no one left to listen, it would end the process.
  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#pass)
    this.#request.off('end', this.#finish)
    this.#request.resume()
    done()
  }

  readonly #pass = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#request.pause()
  }

  readonly #finish = (): void => {
    this.push(null)
  }
}
