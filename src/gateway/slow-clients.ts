import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { owedAnswer } from './refuse-raw.ts'

/** The slowest upload that is waited for, in bytes a second. */
const UPLOAD_RATE_MIN = 240

/** How long clients are waited for. */
export interface Patience {
  /** Over how long the rate of an upload is looked at. */
  readonly bodyMs: number
  /** Without the client taking anything of its answer. */
  readonly readMs: number
}

/**
 * Watches one connection for a client that holds it without using it.
 *
 * A client is not to blame for what waits on gatez: nothing is held against an upload that is paused
 * because the upstream is slow, and nothing against silence while an answer is owed. A request head that
 * does not end is Node's to see to (`headersTimeout`).
 */
export class ConnectionWatch {
  readonly #socket: Socket
  readonly #below: Socket
  #answered: IncomingMessage | undefined
  /** What was being uploaded at the last look; since when without a break, and how much had arrived then. */
  #upload: IncomingMessage | undefined
  #uploadSinceMs = 0
  #uploadBytes = 0
  /** Since when nothing of an answer was taken, and how much had been taken then; -1 when nothing waits. */
  #stalledSinceMs = -1
  #takenBytes = 0
  #queuedBytes = 0

  /** `below` is what the bytes leave by: with TLS another one than HTTP is spoken on. */
  constructor(socket: Socket, below = socket) {
    this.#socket = socket
    this.#below = below
  }

  /** What the client is too slow at; undefined when it is not. To be asked about once a second. */
  look(nowMs: number, patience: Patience): 'upload' | 'reading' | undefined {
    if (this.#readsTooSlowly(nowMs, patience)) return 'reading'
    return this.#uploadsTooSlowly(nowMs, patience) ? 'upload' : undefined
  }

  /** Watches the rest of an upload that was answered before it was whole: nothing can follow until it is. */
  expectRest(answered: IncomingMessage): void {
    this.#answered = answered
  }

  #readsTooSlowly(nowMs: number, { readMs }: Patience): boolean {
    const { writableLength, bytesWritten } = this.#socket
    if (writableLength === 0) {
      this.#stalledSinceMs = -1
      return false
    }
    // A piece counts as taken when all of it is; a client on a slow line may need long for one.
    const taken = bytesWritten - writableLength
    const queued = queuedBytes(this.#below)
    if (this.#stalledSinceMs === -1 || taken !== this.#takenBytes || queued !== this.#queuedBytes) {
      this.#stalledSinceMs = nowMs
      this.#takenBytes = taken
      this.#queuedBytes = queued
    }
    return nowMs - this.#stalledSinceMs >= readMs
  }

  #uploadsTooSlowly(nowMs: number, { bodyMs }: Patience): boolean {
    const request = owedAnswer(this.#socket)?.req ?? this.#answered
    const isAwaited = request !== undefined && !request.complete && request.readableFlowing === true
    const isNew = request !== this.#upload
    this.#upload = isAwaited ? request : undefined
    if (!isAwaited) return false
    const elapsedMs = nowMs - this.#uploadSinceMs
    if (!isNew && elapsedMs < bodyMs) return false
    const { bytesRead } = this.#socket
    const tooSlow = !isNew && bytesRead - this.#uploadBytes < (UPLOAD_RATE_MIN * elapsedMs) / 1000
    this.#uploadSinceMs = nowMs
    this.#uploadBytes = bytesRead
    return tooSlow
  }
}

/** What of the piece under way the system has not taken yet: what Node's own timeouts of sockets go by. */
function queuedBytes(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined
  const isKnown = typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle
  return isKnown && typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : 0
}
