import type { ServerResponse } from 'node:http'
import type { PassageListener } from './ending.ts'
import type { Limited } from './exchange.ts'
import { FieldList, type FieldWriter } from './field-writer.ts'
import type { Held } from './meter.ts'
import {
  type AnswerHead,
  readReason,
  readResponseHead,
  readTrailers,
  takeOut,
  type UpstreamHeaders,
  withoutLength,
} from './response-head.ts'
import { sendWhole } from './whole-answer.ts'

/**
 * The answer of an upstream on its way to the client.
 *
 * Its end is held until `release`: with a Content-Length the last piece, chunked the terminating chunk,
 * without a body the head.
 */
export class Reply implements Held {
  readonly #limited: Limited
  readonly #listener: PassageListener
  readonly #response: ServerResponse
  #status = 0
  #statusText: string | undefined
  #fields: string[] | undefined
  #tail: Buffer | undefined
  /** Informational answers so far. */
  #informed = 0

  constructor(limited: Limited, listener: PassageListener) {
    this.#limited = limited
    this.#listener = listener
    this.#response = limited.planned.accepted.exchange.response
  }

  /**
   * The head has come; it is sent with the first piece of the body, or by `sendHead`. Returns the reason phrase it is sent
   * with, where that is not the usual one.
   */
  begin(head: AnswerHead, fields: string[]): string | undefined {
    this.#status = head.status
    this.#statusText = readReason(head)
    this.#fields = fields
    return this.#statusText
  }

  /** Passes a piece on; false when the client has to catch up. */
  write(piece: Buffer): boolean {
    this.#writeHead()
    return this.#response.write(piece)
  }

  /** The last piece of a body of known length: it leaves with `release`. */
  holdTail(piece: Buffer): void {
    this.#tail = piece
  }

  /** Sends the head of an answer whose body has not begun. */
  sendHead(): void {
    if (this.#fields === undefined || this.#response.destroyed) return
    this.#writeHead()
    this.#response.flushHeaders()
  }

  /**
   * Passes on what the upstream says before its answer; not to HTTP/1.0, which knows nothing of it. False where it
   * said too much for an answer to be expected, or what nobody may say.
   */
  inform(status: number, headers: UpstreamHeaders): boolean {
    this.#informed += 1
    if (this.#informed > INFORMATIONAL_MAX || status < 100) return false
    if (this.#response.req.httpVersionMinor === 0 || status === 100) return true
    const { forward } = readResponseHead(headers)
    withoutLength(forward)
    takeOut(forward, this.#limited.planned.call.matched.route.policy.responseFields)
    this.#response.writeInformation(status, forward)
    return true
  }

  /** Whether the upstream said anything before its answer. */
  get informed(): boolean {
    return this.#informed > 0
  }

  /** Adds what came behind the body for a client that reads it; returns the meters among it, if any. */
  addTrailers(trailers: UpstreamHeaders): Map<string, string> | undefined {
    const { accepted, call } = this.#limited.planned
    const { fields, meters } = readTrailers(trailers, call.matched.route.policy.responseFields)
    if (accepted.head.acceptsTrailers && fields.length > 0) this.#response.addTrailers(fields)
    return meters
  }

  release(): void {
    const response = this.#response
    if (response.destroyed) return
    const tail = this.#tail
    if (tail === undefined || tail.length > TEXT_BYTES_MAX) {
      this.#writeHead()
      if (tail === undefined) response.end()
      else response.end(tail)
      return
    }
    const fields = this.#takeFields()
    if (fields !== undefined) {
      if (this.#statusText === undefined && sendWhole(response, this.#status, fields, this, tail)) return
      this.#writeFields(fields)
    }
    // As text a small body goes in one piece with the head; latin1 keeps every byte as it is.
    response.end(tail.toString('latin1'), 'latin1')
  }

  /** Whether the connection ends with it. */
  get endsConnection(): boolean {
    return this.#listener.ownFields.endsConnection(this.#limited)
  }

  /** Writes gatez's own fields. */
  writeOwn(to: FieldWriter): void {
    this.#listener.ownFields.write(to, this.#limited)
  }

  #writeHead(): void {
    const fields = this.#takeFields()
    if (fields !== undefined) this.#writeFields(fields)
  }

  /** The fields of the answer as the file changes them, once; undefined when they were sent. */
  #takeFields(): string[] | undefined {
    const fields = this.#fields
    if (fields === undefined) return undefined
    this.#fields = undefined
    this.#listener.ownFields.change(fields, this.#limited)
    return fields
  }

  #writeFields(fields: string[]): void {
    this.writeOwn(new FieldList(fields))
    // What of the upload is unread is thrown away: nothing can follow it on this connection.
    if (!this.#response.req.complete) this.#response.shouldKeepAlive = false
    if (this.#statusText === undefined) this.#response.writeHead(this.#status, fields)
    else this.#response.writeHead(this.#status, this.#statusText, fields)
  }
}

/** Up to this size one write of text costs less than two pieces. */
const TEXT_BYTES_MAX = 4096

/** More answers before the answer mean that none will come. */
const INFORMATIONAL_MAX = 16
