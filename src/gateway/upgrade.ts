import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Held } from './meter.ts'
import { withoutLength } from './response-head.ts'
import type { Turns, TurnTaker } from './turns.ts'

/**
 * Whether a request asks to switch to WebSocket (RFC 6455, 4.1), and may.
 *
 * Any other wish to switch is no wish: the request is answered as an ordinary one. One with a body is
 * ordinary too, for its body could be read as the first bytes behind the switch.
 */
export function asksForWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    (headers['content-length'] ?? '0') === '0' &&
    headers['transfer-encoding'] === undefined
  )
}

/**
 * An answer for a request that came with a wish to switch, which Node makes none for.
 *
 * Whatever it says in HTTP, the connection ends with it.
 */
export function answerBeforeSwitch(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // Node's own way of telling it went with the parser: an answer larger than the buffers would wait for ever.
  socket.on('drain', () => {
    if (response.socket === socket) response.emit('drain')
  })
  response.once('finish', () => {
    response.detachSocket(socket)
    socket.destroySoon()
  })
  return response
}

/** Writes the `101` that the upstream gave, from where the connection belongs to the tunnel. */
export function switchProtocols(response: ServerResponse, socket: Socket, fields: string[]): void {
  response.detachSocket(socket)
  withoutLength(fields)
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/**
 * Client and upstream after the switch: bytes both ways, in their turns, each side slowed down by the other.
 *
 * The end that the client sees is held until the event is durable, as the end of any answer is.
 */
export class Tunnel implements Held {
  readonly #client: Socket
  readonly #idleMs: number
  readonly #ended: TunnelParts['ended']
  readonly #down: Lane
  readonly #up: Lane
  #clientDone = false
  #over = false
  /** What was on its way to a client that left. */
  #lost = 0

  constructor({ client, upstream, early, idleMs, turns, moved, ended }: TunnelParts) {
    this.#client = client
    this.#idleMs = idleMs
    this.#ended = ended
    client.setNoDelay(true)
    // Either side's bytes pass this socket.
    client.setTimeout(idleMs, this.#idle)
    client.on('error', () => this.#end('client_aborted'))
    client.once('close', () => this.#end(this.#clientDone ? 'ok' : 'client_aborted'))
    client.once('end', () => {
      this.#clientDone = true
    })
    upstream.on('error', () => this.#end('upstream_truncated'))
    upstream.once('end', () => this.#end('ok'))
    upstream.once('close', () => this.#end('upstream_truncated'))
    if (early.length > 0) client.unshift(early)
    this.#up = new Lane({ from: client, to: upstream, turns, moved })
    this.#down = new Lane({ from: upstream, to: client, turns, moved })
    client.once('end', () => upstream.end())
  }

  /** Bytes that the client took so far; in the end, if it did not leave, all that were for it. */
  get bytesSent(): number {
    // Before all of it waits what is left of the 101.
    return Math.max(0, this.#down.bytes - this.#untaken)
  }

  /** Bytes that came from the client so far. */
  get bytesReceived(): number {
    return this.#up.bytes
  }

  /** Lets nothing through, either way, until `resume`. */
  pause(): void {
    this.#up.hold()
    this.#down.hold()
  }

  resume(): void {
    this.#up.letGo()
    this.#down.letGo()
  }

  release(): void {
    this.#client.end()
    this.#up.to.destroy()
    // Who does not take the end is not waited for.
    this.#client.setTimeout(LINGER_MS, () => this.#client.destroy())
  }

  get #untaken(): number {
    return this.#over ? this.#lost : this.#client.writableLength
  }

  /** Who waited for its turn was not idle: it was not let go on. */
  readonly #idle = (): void => {
    const haveWaited = [this.#up.hasWaited(), this.#down.hasWaited()]
    if (haveWaited.includes(true)) this.#client.setTimeout(this.#idleMs, this.#idle)
    else this.#end('ok')
  }

  #end(outcome: TunnelOutcome): void {
    if (this.#over) return
    this.#over = true
    this.#up.end()
    this.#down.end()
    if (outcome === 'client_aborted') this.#lost = this.#client.writableLength
    if (outcome === 'upstream_truncated') this.#client.resetAndDestroy()
    if (outcome !== 'ok') this.#up.to.destroy()
    this.#ended(outcome, this)
  }
}

/** One way through a tunnel. */
class Lane implements TurnTaker {
  bytes = 0
  readonly to: Duplex
  readonly #from: Duplex
  readonly #turns: Turns
  /** The other side has to catch up. */
  #behind = false
  #held = false
  #othersFirst = false
  #hasWaited = false
  #isOver = false

  constructor({ from, to, turns, moved }: LaneParts) {
    this.#from = from
    this.to = to
    this.#turns = turns
    from.on('data', (piece: Buffer) => {
      if (this.#isOver) return
      this.bytes += piece.length
      if (!to.write(piece)) {
        this.#behind = true
        from.pause()
        to.once('drain', this.#caughtUp)
      }
      moved()
      if (turns.mayGoOn(this, piece.length)) return
      this.#othersFirst = this.#hasWaited = true
      from.pause()
    })
  }

  /** Whether others went first since this was last asked. */
  hasWaited(): boolean {
    const waited = this.#hasWaited
    this.#hasWaited = this.#othersFirst
    return waited
  }

  itsTurn(): void {
    this.#othersFirst = false
    this.#goOn()
  }

  /** It is over: what still comes goes nowhere, for nobody would count it. */
  end(): void {
    this.#isOver = true
    this.#turns.leave(this)
    this.itsTurn()
  }

  hold(): void {
    this.#held = true
    this.#from.pause()
  }

  letGo(): void {
    this.#held = false
    this.#goOn()
  }

  readonly #caughtUp = (): void => {
    this.#behind = false
    this.#goOn()
  }

  #goOn(): void {
    if (!this.#behind && !this.#held && !this.#othersFirst) this.#from.resume()
  }
}

interface LaneParts {
  readonly from: Duplex
  readonly to: Duplex
  readonly turns: Turns
  readonly moved: () => void
}

export interface TunnelParts {
  readonly client: Socket
  readonly upstream: Duplex
  /** What the client sent behind its request, before anyone had agreed to switch. */
  readonly early: Buffer
  /** After so long without a byte either way both sides are closed. */
  readonly idleMs: number
  /** Whose turn it is, of all that move much. */
  readonly turns: Turns
  /** Called when bytes went through it. */
  readonly moved: () => void
  /** Called once, with how it ended and what lets its end go. */
  readonly ended: (outcome: TunnelOutcome, held: Held) => void
}

/** How a tunnel ended. */
export type TunnelOutcome = 'ok' | 'client_aborted' | 'upstream_truncated'

const LINGER_MS = 5_000
