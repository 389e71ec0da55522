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

  /** What the client is too slow at; undefined when it is not. To be asked about twice a second. */
  look(nowMs: number, patience: Patience): 'upload' | 'reading' | undefined {
    if (this.#readsTooSlowly(nowMs, patience)) return 'reading'
    return this.#uploadsTooSlowly(nowMs, patience) ? 'upload' : undefined
  }

  /** How long nothing of an answer was taken, at the last look; 0 when it goes on, or none waits. */
  stalledMs(nowMs: number): number {
    return this.#stalledSinceMs === -1 ? 0 : nowMs - this.#stalledSinceMs
  }

  /** Bytes of answers that the client has not taken. */
  get unreadBytes(): number {
    return this.#socket.writableLength
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

/** Bytes that may wait for clients of a thread that take nothing; as much again waits behind each at its upstream. */
const STALLED_BYTES_MAX = 32 * 1024 ** 2
/** A client that took something so recently is not to blame. */
const STALLED_MS_MIN = 500

/**
 * Of connections that were looked at, those to be closed so that what waits for clients that take nothing does not
 * fill the memory: the ones that stand still longest, until what is left fits.
 *
 * Each such client holds some 170 KB: thousands of them are an attack, whatever patience one of them deserves.
 */
export function tooManyStalled(
  connections: ReadonlyMap<Socket, { readonly watch: ConnectionWatch }>,
  nowMs: number,
  bytesMax = STALLED_BYTES_MAX,
): readonly Socket[] {
  let bytes = 0
  for (const { watch } of connections.values()) bytes += watch.unreadBytes
  if (bytes <= bytesMax) return []
  const longest = [...connections]
    .filter(([, { watch }]) => watch.stalledMs(nowMs) >= STALLED_MS_MIN)
    .sort(([, one], [, other]) => other.watch.stalledMs(nowMs) - one.watch.stalledMs(nowMs))
  const closed: Socket[] = []
  for (const [socket, { watch }] of longest) {
    if (bytes <= bytesMax) break
    bytes -= watch.unreadBytes
    closed.push(socket)
  }
  return closed
}

/** What of the piece under way the system has not taken yet: what Node's own timeouts of sockets go by. */
function queuedBytes(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined
  const isKnown = typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle
  return isKnown && typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : 0
}
