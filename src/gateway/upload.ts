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
  readonly #onStart: () => void
  /** How much may still come. */
  #bytesLeft: number
  #started = false

  constructor({ request, bytesMax, onStart }: UploadParts) {
    super()
    this.#request = request
    this.#onStart = onStart
    this.#bytesLeft = bytesMax ?? Number.POSITIVE_INFINITY
    // Told with no one left to listen, an error would end the process.
    this.on('error', () => {})
  }

  /** Whether anything of the body was read: it cannot be sent a second time then. */
  get started(): boolean {
    return this.#started
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true
      this.#request.on('data', this.#pass)
      this.#request.on('end', this.#finish)
      this.#onStart()
    }
    this.#request.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#pass)
    this.#request.off('end', this.#finish)
    // Untouched, it may be sent to another upstream; else Node throws it away behind the answer.
    if (this.#started) this.#request.resume()
    // All others are undici's own.
    done(error === TOO_LARGE ? error : null)
  }

  readonly #pass = (chunk: Buffer): void => {
    this.#bytesLeft -= chunk.length
    if (this.#bytesLeft < 0) {
      this.destroy(TOO_LARGE)
      return
    }
    if (!this.push(chunk)) this.#request.pause()
  }

  readonly #finish = (): void => {
    this.push(null)
  }
}

export interface UploadParts {
  readonly request: IncomingMessage
  /** More ends it with `TOO_LARGE`; null = any amount may come. */
  readonly bytesMax: number | null
  /** Called before the first byte is read. */
  readonly onStart: () => void
}

/** Why an upload was ended: the body has more bytes than the route takes. */
export const TOO_LARGE = new Error('the request body is larger than the route takes')
