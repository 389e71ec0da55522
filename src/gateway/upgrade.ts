import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Held } from './meter.ts'

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
export function switchProtocols(response: ServerResponse, socket: Socket, fields: readonly string[]): void {
  response.detachSocket(socket)
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/**
 * Client and upstream after the switch: bytes both ways, as they come, each side slowed down by the other.
 *
 * The end that the client sees is held until the event is durable, as the end of any answer is.
 */
export class Tunnel implements Held {
  readonly #client: Socket
  readonly #upstream: Duplex
  readonly #ended: (end: TunnelEnd) => void
  #toClient = 0
  #toUpstream = 0
  #clientDone = false
  #over = false

  constructor({ client, upstream, early, idleMs, ended }: TunnelParts) {
    this.#client = client
    this.#upstream = upstream
    this.#ended = ended
    client.setNoDelay(true)
    // Either side's bytes pass this socket.
    client.setTimeout(idleMs, () => this.#end('ok'))
    client.on('error', () => this.#end('client_aborted'))
    client.once('close', () => this.#end(this.#clientDone ? 'ok' : 'client_aborted'))
    client.once('end', () => {
      this.#clientDone = true
    })
    upstream.on('error', () => this.#end('upstream_truncated'))
    upstream.once('end', () => this.#end('ok'))
    upstream.once('close', () => this.#end('upstream_truncated'))
    if (early.length > 0) client.unshift(early)
    client.on('data', (bytes: Buffer) => {
      this.#toUpstream += bytes.length
    })
    upstream.on('data', (bytes: Buffer) => {
      this.#toClient += bytes.length
    })
    client.pipe(upstream)
    upstream.pipe(client, { end: false })
  }

  release(): void {
    this.#client.end()
    this.#upstream.destroy()
    // Who does not take the end is not waited for.
    this.#client.setTimeout(LINGER_MS, () => this.#client.destroy())
  }

  #end(outcome: TunnelEnd['outcome']): void {
    if (this.#over) return
    this.#over = true
    if (outcome === 'upstream_truncated') this.#client.resetAndDestroy()
    if (outcome !== 'ok') this.#upstream.destroy()
    const bytesSent = this.#toClient - (outcome === 'client_aborted' ? this.#client.writableLength : 0)
    this.#ended({ outcome, bytesSent, bytesReceived: this.#toUpstream, held: this })
  }
}

export interface TunnelParts {
  readonly client: Socket
  readonly upstream: Duplex
  /** What the client sent behind its request, before anyone had agreed to switch. */
  readonly early: Buffer
  /** After so long without a byte either way both sides are closed. */
  readonly idleMs: number
  /** Called once. */
  readonly ended: (end: TunnelEnd) => void
}

/** How a tunnel ended, and how many bytes went through it behind the `101`. */
export interface TunnelEnd {
  readonly outcome: 'ok' | 'client_aborted' | 'upstream_truncated'
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly held: Held
}

const LINGER_MS = 5_000
