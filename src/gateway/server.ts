import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import { Server as NetServer, Socket } from 'node:net'
import type { ListenerTls } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import type { UlidMaker } from '../lib/id.ts'
import type { Clients } from './clients.ts'
import { Connection } from './connection.ts'
import { Exchange, type ExchangeStart } from './exchange.ts'
import type { SentAnswer } from './keeper-messages.ts'
import { openClientLane } from './lane/client-lane.ts'
import { mustClose } from './must-close.ts'
import type { OwnAnswer } from './own-endpoints.ts'
import type { Pipeline } from './pipeline.ts'
import { Refusal } from './refusal.ts'
import { owedAnswer, type RawPlace, refuseBroken, refuseTunnel } from './refuse-raw.ts'
import { tooManyStalled } from './slow-clients.ts'
import { answerBeforeSwitch, asksForWebSocket } from './upgrade.ts'
import { writeKept, writeOwn, writePreflight, writeProblem } from './write-answer.ts'

/** Largest request head, in bytes; above it 431. */
const HEAD_BYTES_MAX = 16_384
/** In how much time every client is looked at once, to see whether it is too slow. */
const WATCH_MS = 500
/** In how many goes: thousands of them in one would hold up the calls of all others. */
const WATCH_GOES = 10
/** While draining: how often connections that no request uses are closed. */
const SWEEP_MS = 100

const OPTIONS: ServerOptions = {
  maxHeaderSize: HEAD_BYTES_MAX,
  // Short, so that of thousands of connections whose time is over few are closed at once.
  connectionsCheckingInterval: 100,
  requireHostHeader: false,
  // A request without a body needs no stream machinery.
  optimizeEmptyRequests: true,
}

/** HTTP/2 is not spoken. */
const TLS = { ALPNProtocols: ['http/1.1', 'http/1.0'], minVersion: 'TLSv1.2' } as const

export interface GatewayServerParts {
  readonly pipeline: Pipeline
  readonly clock: Clock
  readonly ids: UlidMaker
  readonly docsUrl: string | null
  readonly clients: Clients
  /** What makes it speak TLS; null = it speaks plain HTTP. */
  readonly tls: ListenerTls | null
  /** Whether plain requests go past node:http. */
  readonly fastLane: boolean
  readonly alarm: (what: string, error: unknown) => void
}

/** The HTTP listener of one gateway thread. Catches everything: no request ends the process. */
export class GatewayServer {
  readonly server: Server
  readonly #parts: GatewayServerParts
  /** Connections as HTTP is spoken on them, with what is known of each. */
  readonly #connections = new Map<Socket, Connection>()
  /** Requests whose wish to leave HTTP is not granted. */
  readonly #unswitched = new Set<IncomingMessage>()
  readonly #watching: NodeJS.Timeout
  /** The connections that are still to be looked at in this round. */
  #toWatch = this.#connections.entries()
  #watchGo = 0
  #draining = false

  constructor(parts: GatewayServerParts) {
    this.#parts = parts
    const options = { ...OPTIONS, shouldUpgradeCallback: this.#mayUpgrade }
    // Who does not finish a handshake is waited for as long as who does not finish a head.
    const handshakeTimeout = parts.clients.rules.headMs
    this.server =
      parts.tls === null
        ? createServer(options)
        : createTlsServer({ ...options, ...TLS, ...parts.tls, handshakeTimeout })
    this.#setTimeouts()
    // Counted by us (accept.ts): Node would drop fields beyond its limit in silence.
    this.server.maxHeadersCount = 0
    this.server.on('request', this.#handle)
    this.server.on('checkContinue', this.#handle)
    this.server.on('checkExpectation', this.#handle)
    this.server.on('upgrade', this.#upgrade)
    this.server.on('connect', (_request, socket: Socket) => refuseTunnel(socket, this.#rawPlace()))
    this.server.on('clientError', this.#broken)
    // A handshake that fails is the client's affair.
    this.server.on('tlsClientError', (_error, socket: Socket) => socket.destroy())
    this.server.on('connection', (socket: Socket) => {
      if (parts.clients.connect(socket)) this.#keep(socket)
      else socket.destroy()
    })
    this.server.on('secureConnection', (socket: Socket) => this.#keepSecure(socket))
    if (parts.fastLane) openClientLane(this.server, this.#handle)
    this.#watching = setInterval(() => this.#closeSlow(), WATCH_MS / WATCH_GOES).unref()
  }

  /** Puts other timeouts and another certificate in force, for requests and connections to come. */
  replaceRules(tls: ListenerTls | null): void {
    this.#setTimeouts()
    if (tls === null || !(this.server instanceof TlsServer)) return
    try {
      this.server.setSecureContext({ ...TLS, ...tls })
    } catch (error) {
      // The check of the file saw to it that the two fit; they may have been replaced while it looked.
      this.#parts.alarm('the new certificate cannot be used: the old one stays', error)
    }
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
      for (const socket of this.#connections.keys()) socket.destroy()
    }, graceMs)
    await closed
    clearInterval(sweep)
    clearInterval(this.#watching)
    clearTimeout(timer)
  }

  /** Stops listening and cuts every connection. */
  close(): void {
    clearInterval(this.#watching)
    if (this.server.listening) NetServer.prototype.close.call(this.server)
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  /** Writes a problem; `fields` are gatez's own for this answer. */
  answer(exchange: Exchange, refusal: Refusal, fields: readonly string[]): void {
    const { docsUrl } = this.#parts
    writeProblem(exchange, refusal, { fields, docsUrl, isLast: this.#isLast })
  }

  /** Writes what gatez answers itself. */
  answerOwn(exchange: Exchange, answer: OwnAnswer): void {
    writeOwn(exchange, answer, this.#isLast)
  }

  /** Writes an answer that was kept. */
  answerKept(exchange: Exchange, fields: readonly string[], answer: SentAnswer): void {
    writeKept(exchange, answer, { fields, isLast: this.#draining || mustClose(exchange.request) })
  }

  /** Writes the answer to a browser that asks whether a page may call. */
  answerPreflight(exchange: Exchange, fields: readonly string[]): void {
    writePreflight(exchange, fields, this.#isLast)
  }

  /** A fault of ours: the client learns its request id, the log the rest. */
  fault(exchange: Exchange, error: unknown): void {
    this.#parts.alarm('a request failed inside gatez', error)
    const refusal = new Refusal('internal', 'The request could not be completed.')
    this.answer(exchange, refusal, ['x-request-id', exchange.requestId])
  }

  readonly #handle = (request: IncomingMessage, response: ServerResponse, body?: Buffer): void => {
    const connection = this.#connections.get(request.socket)
    const pass = (): void => this.#begin(request, response, { body })
    if (connection?.takes(response, pass) !== false) pass()
  }

  /** What cannot be read ends the connection, but not the answers to what was read before it. */
  readonly #broken = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const connection = this.#connections.get(socket)
    const owed = connection?.owed
    if (connection !== undefined && owed?.req.complete === true && error.code !== 'ECONNRESET') {
      connection.endAfterOwed(socket)
    } else refuseBroken(error, socket, this.#rawPlace())
  }

  readonly #mayUpgrade = (request: IncomingMessage): boolean => {
    const may = asksForWebSocket(request)
    if (!may) this.#unswitched.add(request)
    return may
  }

  readonly #upgrade = (request: IncomingMessage, socket: Socket, early: Buffer): void => {
    socket.on('error', () => {})
    // The answer to an earlier request is still owed, and nobody else will see to this connection now.
    if (owedAnswer(socket) !== undefined) {
      socket.destroy()
      return
    }
    const connection = this.#connections.get(socket)
    if (connection !== undefined) connection.switched = true
    this.#begin(request, answerBeforeSwitch(request, socket), { early })
  }

  #begin(
    request: IncomingMessage,
    response: ServerResponse,
    came: Pick<ExchangeStart, 'early' | 'body'>,
  ): void {
    const { clock, ids } = this.#parts
    const exchange = new Exchange({
      request,
      response,
      startMs: clock.nowMs(),
      startMonotonicMs: clock.monotonicMs(),
      eventId: ids.next(),
      ...came,
    })
    if (this.#draining) response.shouldKeepAlive = false
    // Node reads no further behind it.
    if (this.#unswitched.size > 0 && this.#unswitched.delete(request)) response.shouldKeepAlive = false
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

  /** From now on HTTP is spoken inside of TLS: the socket below it is no longer looked at. */
  #keepSecure(socket: Socket): void {
    const parent: unknown = '_parent' in socket ? socket._parent : undefined
    const below = parent instanceof Socket ? parent : socket
    this.#connections.delete(below)
    this.#keep(socket, below)
  }

  #keep(socket: Socket, below = socket): void {
    this.#connections.set(socket, new Connection(socket, below))
    socket.once('close', () => this.#connections.delete(socket))
  }

  /** Whether its connection ends with the answer to a request; else what is unread of it is waited for. */
  readonly #isLast = (request: IncomingMessage): boolean => {
    if (this.#draining || mustClose(request)) return true
    if (!request.complete) this.#connections.get(request.socket)?.watch.expectRest(request)
    return false
  }

  #setTimeouts(): void {
    const { headMs, keepAliveMs } = this.#parts.clients.rules
    this.server.headersTimeout = headMs
    this.server.keepAliveTimeout = keepAliveMs
    // A large upload may take hours; one that stands still is seen to by `ConnectionWatch`.
    this.server.requestTimeout = 0
  }

  /** Ends connections whose clients are too slow, a part of them: who uploads is told, who does not read cannot be. */
  #closeSlow(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    const { rules } = this.#parts.clients
    for (let left = Math.ceil(this.#connections.size / WATCH_GOES); left >= 0; left -= 1) {
      const next = this.#toWatch.next()
      if (next.done === true) {
        this.#toWatch = this.#connections.entries()
        break
      }
      const [socket, { switched, watch }] = next.value
      // Who asked to switch and was answered in HTTP is a client like any other.
      const isTunnel = switched && owedAnswer(socket) === undefined
      const slowness = isTunnel ? undefined : watch.look(nowMs, rules)
      if (slowness === 'reading') socket.destroy()
      else if (slowness === 'upload') refuseBroken(TOO_SLOW, socket, this.#rawPlace())
    }
    // Not with the rounds: one lasts longer while connections come faster than they are looked at.
    this.#watchGo = (this.#watchGo + 1) % WATCH_GOES
    if (this.#watchGo > 0) return
    for (const socket of tooManyStalled(this.#connections, nowMs)) socket.destroy()
  }

  /** Closes connections on which no answer is owed or under way and nothing arrived since the last look. */
  #closeUnused(): void {
    for (const [socket, connection] of this.#connections) {
      if (connection.switched) continue
      const isQuiet = socket.bytesRead === connection.bytesRead
      if (isQuiet && owedAnswer(socket) === undefined && socket.writableLength === 0) socket.destroy()
      else connection.bytesRead = socket.bytesRead
    }
  }
}

const TOO_SLOW = Object.assign(new Error('the request arrives too slowly'), {
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
})
