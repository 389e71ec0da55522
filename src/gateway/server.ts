import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { UlidMaker } from '../lib/id.ts'
import { Exchange } from './exchange.ts'
import type { OwnAnswer } from './own-endpoints.ts'
import type { Pipeline } from './pipeline.ts'
import { Refusal } from './refusal.ts'
import { owedAnswer, type RawPlace, refuseBroken, refuseTunnel } from './refuse-raw.ts'
import { answerBeforeSwitch, asksForWebSocket } from './upgrade.ts'

/** Largest request head, in bytes; above it 431. */
const HEAD_BYTES_MAX = 16_384
/** Largest unread request body that is read and thrown away so that the connection can go on. */
const DRAIN_BYTES_MAX = 65_536
/** While draining: how often connections that no request uses are closed. */
const SWEEP_MS = 100

export interface GatewayServerParts {
  readonly pipeline: Pipeline
  readonly clock: Clock
  readonly ids: UlidMaker
  readonly docsUrl: string | null
  readonly clientIp: 'off' | 'hash' | 'full'
  /** Keys the hash of client addresses, the same on all threads. */
  readonly ipSalt: string
  readonly alarm: (what: string, error: unknown) => void
}

/** The HTTP listener of one gateway thread. Catches everything: no request ends the process. */
export class GatewayServer {
  readonly server: Server
  readonly #parts: GatewayServerParts
  readonly #ips = new WeakMap<Socket, string>()
  /** Connections, with how much had been read of each when it was last looked at. */
  readonly #sockets = new Map<Socket, number>()
  /** Connections that asked to leave HTTP: the drain waits for them. */
  readonly #switched = new WeakSet<Socket>()
  #draining = false

  constructor(parts: GatewayServerParts) {
    this.#parts = parts
    this.server = createServer({
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
      requireHostHeader: false,
      // A request without a body needs no stream machinery.
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: asksForWebSocket,
    })
    // Counted by us (accept.ts): Node would drop fields beyond its limit in silence.
    this.server.maxHeadersCount = 0
    this.server.on('request', this.#handle)
    this.server.on('checkContinue', this.#handle)
    this.server.on('checkExpectation', this.#handle)
    this.server.on('upgrade', this.#upgrade)
    this.server.on('connect', (_request, socket: Socket) => refuseTunnel(socket, this.#rawPlace()))
    this.server.on('clientError', (error, socket: Socket) => refuseBroken(error, socket, this.#rawPlace()))
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.set(socket, -1)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /**
   * Takes no new connections, lets requests in flight end, at most `graceMs`, then closes the rest.
   *
   * Not by way of http's own `close`: that takes a connection for idle once its answer was written, and
   * cuts off what a slow reader has not been sent yet.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.server, () => resolve())
    })
    const sweep = setInterval(() => this.#closeUnused(), SWEEP_MS)
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy()
    }, graceMs)
    await closed
    clearInterval(sweep)
    clearTimeout(timer)
  }

  /** Stops listening and cuts every connection. */
  close(): void {
    if (this.server.listening) NetServer.prototype.close.call(this.server)
    for (const socket of this.#sockets.keys()) socket.destroy()
  }

  /** Writes a problem; `fields` are gatez's own for this answer. */
  answer(exchange: Exchange, refusal: Refusal, fields: readonly string[]): void {
    const { response } = exchange
    if (response.headersSent || response.destroyed) return
    const body = refusal.toJson(exchange.requestId, this.#parts.docsUrl)
    const head = [
      'Content-Type',
      'application/problem+json',
      'Content-Length',
      String(Buffer.byteLength(body)),
    ]
    head.push('gatez-error', refusal.code, ...fields, ...refusal.headers)
    if (this.#draining || mustClose(exchange.request)) head.push('Connection', 'close')
    response.writeHead(refusal.status, head)
    response.end(body)
  }

  /** Writes what gatez answers itself. */
  answerOwn({ request, response, requestId }: Exchange, { status, body }: OwnAnswer): void {
    if (response.headersSent || response.destroyed) return
    const text = `${JSON.stringify(body)}\n`
    const head = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text))]
    head.push('Cache-Control', 'no-store', 'x-request-id', requestId)
    if (this.#draining || mustClose(request)) head.push('Connection', 'close')
    response.writeHead(status, head)
    response.end(text)
  }

  /** A fault of ours: the client learns its request id, the log the rest. */
  fault(exchange: Exchange, error: unknown): void {
    this.#parts.alarm('a request failed inside gatez', error)
    const refusal = new Refusal('internal', 'The request could not be completed.')
    this.answer(exchange, refusal, ['x-request-id', exchange.requestId])
  }

  readonly #handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#begin(request, response, undefined)
  }

  readonly #upgrade = (request: IncomingMessage, socket: Socket, early: Buffer): void => {
    socket.on('error', () => {})
    // The answer to an earlier request is still owed, and nobody else will see to this connection now.
    if (owedAnswer(socket) !== undefined) {
      socket.destroy()
      return
    }
    this.#switched.add(socket)
    this.#begin(request, answerBeforeSwitch(request, socket), early)
  }

  #begin(request: IncomingMessage, response: ServerResponse, early: Buffer | undefined): void {
    const { clock, ids } = this.#parts
    const exchange = new Exchange({
      request,
      response,
      startMs: clock.nowMs(),
      startMonotonicMs: clock.monotonicMs(),
      eventId: ids.next(),
      clientIp: this.#clientIp(request.socket),
      early,
    })
    if (this.#draining) response.shouldKeepAlive = false
    try {
      this.#parts.pipeline.pass(exchange)
    } catch (error) {
      this.fault(exchange, error)
    }
  }

  #rawPlace(): RawPlace {
    const { ids, docsUrl } = this.#parts
    return { requestId: ids.next(), docsUrl, headBytesMax: HEAD_BYTES_MAX }
  }

  /** Closes connections on which no answer is owed or under way and nothing arrived since the last look. */
  #closeUnused(): void {
    for (const [socket, bytesRead] of this.#sockets) {
      if (this.#switched.has(socket)) continue
      if (socket.bytesRead === bytesRead && owedAnswer(socket) === undefined && socket.writableLength === 0) {
        socket.destroy()
      } else this.#sockets.set(socket, socket.bytesRead)
    }
  }

  #clientIp(socket: Socket): string {
    const { clientIp } = this.#parts
    if (clientIp === 'off') return ''
    let ip = this.#ips.get(socket)
    if (ip === undefined) {
      ip = socket.remoteAddress ?? ''
      if (clientIp === 'hash')
        ip = createHmac('sha256', this.#parts.ipSalt).update(ip).digest('base64url').slice(0, 22)
      this.#ips.set(socket, ip)
    }
    return ip
  }
}

/** An unread body too large to throw away: the connection cannot be used again. */
function mustClose(request: IncomingMessage): boolean {
  if (request.complete) return false
  const length = request.headers['content-length']
  if (length !== undefined) return Number(length) > DRAIN_BYTES_MAX
  return request.headers['transfer-encoding'] !== undefined
}
