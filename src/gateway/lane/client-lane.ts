import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { WAITING_MAX } from '../connection.ts'
import { readBy, readNoMoreBy, shareRead } from '../shared-read.ts'
import { LaneResponse } from './lane-response.ts'
import { HEAD_END } from './plain-fields.ts'
import { type PlainRequest, readPlainRequest } from './plain-request.ts'

/** What was sent ahead and is kept while an answer is owed; more waits in the system's buffers. */
const AHEAD_BYTES_MAX = 65_536
const HAS_BODY = /content-length|transfer-encoding/i
/** Who sends nothing for so long after connecting is node:http's to wait for. */
const SILENT_MS = 500

/**
 * Opens the fast lane on a server: it gets each new connection in place of node:http, which has those that leave it.
 *
 * `answer` is what the server does with a request, whose body is given if all of it is here.
 */
export function openClientLane(server: Server, answer: RequestListener): void {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  // What node:http does with a connection is the first listener of its server: it put it there itself.
  const [speakHttp] = server.listeners(event)
  if (speakHttp === undefined) throw new Error('node:http listens for connections in a way that is not known')
  // It is a listener of whatever kind.
  Reflect.apply(server.removeListener, server, [event, speakHttp])
  const parts: ClientLaneParts = {
    answer,
    handOver: (socket) => speakHttp.call(server, socket),
    times: server,
  }
  server.on(event, (socket: Socket) => {
    if (!socket.destroyed) new ClientLane(socket, parts)
  })
}

type RequestListener = (request: IncomingMessage, response: ServerResponse, body?: Buffer) => void

/**
 * One connection of a client, as long as all that comes on it are plain requests, one at a time.
 *
 * With the first piece that is not one plain request the connection is handed to node:http, that piece included, and
 * stays there. It is handed over between two messages only, so there is nothing to tell but the bytes.
 */
class ClientLane {
  readonly #socket: Socket
  readonly #parts: ClientLaneParts
  /** The answer that is owed or under way. */
  #response: LaneResponse | undefined
  /** What came while an answer was owed. */
  #ahead: Buffer[] = []
  #aheadBytes = 0
  #headsAhead = 0
  /** A request with a body may be among it: then it cannot be told where requests begin. */
  #mayHoldBody = false
  /** The connection ends with the answer that is owed. */
  #isLast = false
  /** Ends the wait for a request. */
  #timer: NodeJS.Timeout
  #timerMs = SILENT_MS

  constructor(socket: Socket, parts: ClientLaneParts) {
    this.#socket = socket
    this.#parts = parts
    this.#timer = setTimeout(this.#silent, SILENT_MS).unref()
    shareRead(socket)
    readBy(socket, this.#take)
    socket.on('end', this.#ended)
    socket.on('drain', this.#drained)
    socket.on('error', this.#failed)
    socket.on('close', this.#closed)
  }

  readonly #take = (piece: Buffer): void => {
    if (this.#response !== undefined) {
      this.#keep(piece)
      return
    }
    const plain = readPlainRequest(piece)
    if (plain === undefined) this.#handOver(Buffer.from(piece))
    else this.#begin(plain)
  }

  #begin(plain: PlainRequest): void {
    const request = requestOf(plain, this.#socket)
    const response = new LaneResponse(request, this.#socket, this.#parts.times.keepAliveTimeout)
    this.#response = response
    response.on('finish', this.#finished)
    this.#parts.answer(request, response, plain.body)
  }

  readonly #finished = (): void => {
    const response = this.#response
    if (response === undefined) return
    this.#response = undefined
    response.leave(this.#socket)
    if (this.#isLast || ('_last' in response && response._last === true)) this.#socket.destroySoon()
    else if (this.#aheadBytes > 0) this.#handOver(Buffer.concat(this.#ahead))
    else this.#waitForNext()
  }

  /** As long as node:http waits: a little longer than clients are told. */
  #waitForNext(): void {
    const { keepAliveTimeout, keepAliveTimeoutBuffer = 1_000 } = this.#parts.times
    const ms = keepAliveTimeout + keepAliveTimeoutBuffer
    if (ms === this.#timerMs) this.#timer.refresh()
    else {
      clearTimeout(this.#timer)
      this.#timerMs = ms
      this.#timer = setTimeout(this.#waited, ms).unref()
    }
  }

  /** Set when an answer ends: while another one is owed it means nothing. */
  readonly #waited = (): void => {
    if (this.#response === undefined) this.#socket.destroy()
  }

  readonly #silent = (): void => {
    if (this.#response === undefined) this.#handOver(undefined)
  }

  /** Who sends ahead is answered in turn by node:http, once he got what he is owed. */
  #keep(piece: Buffer): void {
    this.#ahead.push(Buffer.from(piece))
    this.#aheadBytes += piece.length
    const text = piece.toString('latin1')
    this.#mayHoldBody ||= HAS_BODY.test(text)
    this.#headsAhead += text.split(HEAD_END).length - 1
    if (this.#headsAhead > WAITING_MAX && !this.#mayHoldBody) this.#socket.destroy()
    else if (this.#aheadBytes >= AHEAD_BYTES_MAX) this.#socket.pause()
  }

  #handOver(unread: Buffer | undefined): void {
    const socket = this.#socket
    this.#leave()
    if (socket.readableEnded || !socket.writable) {
      socket.on('error', noop)
      socket.destroySoon()
      return
    }
    socket.pause()
    // Not from within a read: what is put back then may make the stream stop reading for good.
    queueMicrotask(() => {
      if (unread !== undefined) socket.unshift(unread)
      this.#parts.handOver(socket)
      socket.resume()
    })
  }

  #leave(): void {
    const socket = this.#socket
    clearTimeout(this.#timer)
    readNoMoreBy(socket, this.#take)
    socket.off('end', this.#ended)
    socket.off('drain', this.#drained)
    socket.off('error', this.#failed)
    socket.off('close', this.#closed)
  }

  /**
   * As node:http has it: who says that he sends no more is sent what was written, and no more; but the answer he is
   * owed if he broke off in the next request.
   */
  readonly #ended = (): void => {
    const response = this.#response
    const brokeOff =
      this.#aheadBytes > 0 && this.#ahead.at(-1)?.toString('latin1').endsWith(HEAD_END) === false
    if (response === undefined || !brokeOff) {
      this.#socket.end()
      return
    }
    response.shouldKeepAlive = false
    this.#isLast = true
  }

  /** An answer that is larger than the buffers goes on. */
  readonly #drained = (): void => {
    this.#response?.emit('drain')
  }

  /** What happens to a connection is told by its end. */
  readonly #failed = (): void => {
    this.#socket.destroy()
  }

  readonly #closed = (): void => {
    clearTimeout(this.#timer)
    this.#response?.lost()
  }
}

interface ClientLaneParts {
  readonly answer: RequestListener
  /** Lets node:http have a connection, to its end. */
  readonly handOver: (socket: Socket) => void
  readonly times: { readonly keepAliveTimeout: number; readonly keepAliveTimeoutBuffer?: number }
}

/** What node:http does with a request that it has read, and does not document. */
class ReadRequest extends IncomingMessage {
  /** Takes its fields: name, value, name, value …; `headers` is made of them when it is asked for. */
  declare _addHeaderLines: (fields: string[], count: number) => void
  /** It has no body, and nobody waits for the end of it. */
  declare _dumpAndCloseReadable: () => void
}

/** The request as node:http makes it of the same bytes. */
function requestOf({ method, url, fields, body }: PlainRequest, socket: Socket): IncomingMessage {
  const request = new ReadRequest(socket)
  request.httpVersion = '1.1'
  request.httpVersionMajor = 1
  request.httpVersionMinor = 1
  request.method = method
  request.url = url
  request._addHeaderLines(fields, fields.length)
  request.complete = true
  if (body === undefined) request._dumpAndCloseReadable()
  else request._read = () => giveWhole(request, body)
  return request
}

function noop(): void {}

/** Whoever reads the request gets its body, and its end. */
function giveWhole(request: IncomingMessage, body: Buffer): void {
  request._read = () => {}
  request.push(body)
  request.push(null)
}
