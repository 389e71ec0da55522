import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Turns, TurnTaker } from './turns.ts'

/**
 * The body of a request on its way upstream, without copying a byte of it.
 *
 * Not the request itself: undici destroys the stream it was given when the upstream answers early or
 * breaks off, and a destroyed request takes its connection down, with the answer the client is owed.
 * What is unread by then is read and thrown away.
 */
export class Upload extends Readable implements TurnTaker {
  readonly #request: IncomingMessage
  readonly #turns: Turns
  readonly #onStart: () => void
  /** How much may still come. */
  #bytesLeft: number
  #started = false
  /** The upstream takes more. */
  #isAskedFor = false
  #othersFirst = false

  constructor({ request, bytesMax, turns, onStart }: UploadParts) {
    super()
    this.#request = request
    this.#turns = turns
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
    this.#isAskedFor = true
    this.#goOn()
  }

  itsTurn(): void {
    this.#othersFirst = false
    this.#goOn()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#othersFirst) this.#turns.leave(this)
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
    this.#isAskedFor = this.push(chunk)
    // By whoever was handed it. What is left of the request is thrown away.
    if (this.destroyed) return
    this.#othersFirst = !this.#turns.mayGoOn(this, chunk.length)
    if (!this.#isAskedFor || this.#othersFirst) this.#request.pause()
  }

  #goOn(): void {
    if (this.#isAskedFor && !this.#othersFirst) this.#request.resume()
  }

  readonly #finish = (): void => {
    this.push(null)
  }
}

export interface UploadParts {
  readonly request: IncomingMessage
  /** More ends it with `TOO_LARGE`; null = any amount may come. */
  readonly bytesMax: number | null
  /** Whose turn it is, of all that move much. */
  readonly turns: Turns
  /** Called before the first byte is read. */
  readonly onStart: () => void
}

/** Why an upload was ended: the body has more bytes than the route takes. */
export const TOO_LARGE = new Error('the request body is larger than the route takes')
