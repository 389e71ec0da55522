import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ByteText } from '../../lib/byte-text.ts'

/**
 * An answer on the fast lane.
 *
 * One that is whole is written past what node:http does at the end of an answer: it has the system tell in a tick of its own
 * that all was taken, which for a small answer is known at once (docs/decisions/0057).
 */
export class LaneResponse extends ServerResponse {
  /** What node:http keeps of an answer and does not document. */
  declare _header: string | null
  declare _headerSent: boolean
  declare _keepAliveTimeout: number
  declare _closed: boolean
  declare socket: Socket | null
  #isSent = false

  /** `keepAliveMs` is what clients are told of how long the connection is kept. */
  constructor(request: IncomingMessage, socket: HttpSocket, keepAliveMs: number) {
    super(request)
    this._keepAliveTimeout = keepAliveMs
    // As `assignSocket`, but for its listener: the lane has one for all answers of a connection.
    socket._httpMessage = this
    this.socket = socket
  }

  /** The connection is there for the next one. */
  leave(socket: HttpSocket): void {
    socket._httpMessage = null
    this.socket = null
  }

  /** The connection is gone. */
  lost(): void {
    this.destroyed = true
    this._closed = true
    this.emit('close')
  }

  /**
   * Sends all of it. False when this is not the moment, and with TLS, which never tells at once: nothing was written
   * then. What the system does not take at once stays in the memory of `bytes`, which goes on in another one.
   */
  endWith(bytes: ByteText): boolean {
    const { socket } = this
    if (socket === null || !socket.writable || socket.writableLength > 0) return false
    if (socket instanceof TLSSocket) return false
    this._header = SENT
    this._headerSent = true
    this.finished = true
    socket.write(bytes.view)
    if (socket.writableLength === 0) {
      this.#sent()
      return true
    }
    bytes.leave()
    socket.write('', 'latin1', (error) => error == null && this.#sent())
    return true
  }

  /** The system has all of it. */
  get isSent(): boolean {
    return this.#isSent || this.writableFinished
  }

  #sent(): void {
    this.#isSent = true
    this.emit('finish')
  }
}

/** In place of a head: that there was one is all that is still looked at. */
const SENT = 'sent'

/** A connection, with whose turn it is to write to it. */
interface HttpSocket extends Socket {
  _httpMessage?: ServerResponse | null
}
