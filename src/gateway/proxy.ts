import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { ErrorCode } from '../errors/catalogue.ts'
import type { Outcome } from '../model/event.ts'
import type { Limited } from './exchange.ts'
import type { Held } from './meter.ts'
import { Refusal } from './refusal.ts'
import { readResponseHead } from './response-head.ts'
import { switchProtocols, Tunnel } from './upgrade.ts'
import { sendWhole } from './whole-answer.ts'

/** How an exchange ended, as far as the upstream and the client are concerned. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number
  readonly refusal: Refusal | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Custom meters the upstream reported. */
  readonly meters: ReadonlyMap<string, string> | undefined
}

/** What a passage tells the pipeline. */
export interface PassageListener {
  /** Adds gatez's own fields to the head of the answer: limits, request id. */
  addOwnFields(fields: string[], limited: Limited): void
  /** The exchange ended. `held` is there when the end of the answer waits for the event. */
  ended(limited: Limited, ending: Ending, held: Held | undefined): void
  /** Nothing was sent to the client yet: answer with this problem. */
  refuse(limited: Limited, refusal: Refusal): void
}

/**
 * Stage 5: one request on its way through the upstream and back.
 *
 * Streams both ways without copying. The end of the answer is held until `release`: with a
 * Content-Length the last piece, chunked the terminating chunk, without a body the head.
 */
export class Passage implements Dispatcher.DispatchHandler, Held {
  readonly #limited: Limited
  readonly #listener: PassageListener
  readonly #response: ServerResponse
  readonly #bodyless: boolean
  #watchesSocket = false
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #statusText: string | undefined
  #fields: string[] | undefined
  #meters: Map<string, string> | undefined
  /** Bytes of the body still to come; -1 when the upstream did not say. */
  #bytesLeft = -1
  #tail: Buffer | undefined
  #bytesSent = 0
  #bytesReceived = 0
  #ended = false

  constructor(limited: Limited, listener: PassageListener) {
    this.#limited = limited
    this.#listener = listener
    const { request, response } = limited.planned.accepted.exchange
    this.#response = response
    this.#bodyless = request.method === 'HEAD'
    response.on('close', this.#clientGone)
    // Behind another answer on its connection, it does not learn by itself that the connection is gone.
    if (response.socket === null) {
      this.#watchesSocket = true
      request.socket.setMaxListeners(0).once('close', this.#clientGone)
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended) controller.abort(CLIENT_GONE)
  }

  onBodySent(chunk: Buffer): void {
    this.#bytesReceived += chunk.length
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200 || this.#ended) return
    const head = readResponseHead(headers)
    this.#status = status
    if (statusText !== STATUS_CODES[status] && statusText !== undefined && REASON.test(statusText)) {
      this.#statusText = statusText
    }
    this.#meters = head.meters
    this.#fields = head.forward
    const length = headers['content-length']
    if (this.#bodyless || status === 204 || status === 304) this.#bytesLeft = 0
    else if (typeof length === 'string') this.#bytesLeft = Number(length)
    // A stream may stay silent for long: who waits for its head must not wait for its first piece.
    else setImmediate(sendHead, this)
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    upstream: Duplex,
  ): void {
    const { planned } = this.#limited
    const { request, early } = planned.accepted.exchange
    if (this.#ended || early === undefined) {
      upstream.destroy()
      return
    }
    const head = readResponseHead(headers)
    this.#status = status
    this.#meters = head.meters
    this.#listener.addOwnFields(head.forward, this.#limited)
    this.#response.off('close', this.#clientGone)
    switchProtocols(this.#response, request.socket, head.forward)
    new Tunnel({
      client: request.socket,
      upstream,
      early,
      idleMs: planned.call.matched.api.timeouts.idleMs,
      ended: ({ outcome, bytesSent, bytesReceived, held }) => {
        this.#bytesSent = bytesSent
        this.#bytesReceived = bytesReceived
        this.#end(outcome, outcome === 'ok' ? held : undefined)
      },
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return
    this.#bytesSent += chunk.length
    if (this.#bytesLeft !== -1) {
      this.#bytesLeft -= chunk.length
      if (this.#bytesLeft === 0) {
        this.#tail = chunk
        return
      }
    }
    this.#writeHead()
    if (!this.#response.write(chunk)) {
      controller.pause()
      this.#response.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(): void {
    this.#end('ok', this)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return
    if (this.#response.headersSent) {
      this.#end('upstream_truncated', undefined)
      // A message that broke off must not look whole.
      this.#response.destroy()
      return
    }
    const refusal = upstreamProblem(error)
    this.#end('upstream_error', undefined, refusal)
    this.#listener.refuse(this.#limited, refusal)
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
    // As text a small body goes in one piece with the head; latin1 keeps every byte as it is.
    const text = tail.toString('latin1')
    const fields = this.#takeFields()
    if (fields !== undefined) {
      if (this.#statusText === undefined && sendWhole(response, this.#status, fields, text)) return
      this.#writeFields(fields)
    }
    response.end(text, 'latin1')
  }

  /** Sends the head of an answer whose body has not begun. */
  sendHead(): void {
    if (this.#ended || this.#fields === undefined) return
    this.#writeHead()
    this.#response.flushHeaders()
  }

  readonly #clientGone = (): void => {
    if (this.#ended) return
    this.#end('client_aborted', undefined)
    this.#controller?.abort(CLIENT_GONE)
  }

  #end(outcome: Outcome, held: Held | undefined, refusal?: Refusal): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#watchesSocket) this.#response.req.socket.off('close', this.#clientGone)
    const ending: Ending = {
      outcome,
      status: refusal?.status ?? this.#status,
      refusal,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      meters: this.#meters,
    }
    this.#listener.ended(this.#limited, ending, held)
  }

  #writeHead(): void {
    const fields = this.#takeFields()
    if (fields !== undefined) this.#writeFields(fields)
  }

  /** The fields of the answer with gatez's own, once; undefined when they were sent. */
  #takeFields(): string[] | undefined {
    const fields = this.#fields
    if (fields === undefined) return undefined
    this.#fields = undefined
    this.#listener.addOwnFields(fields, this.#limited)
    return fields
  }

  #writeFields(fields: string[]): void {
    // What of the upload is unread is thrown away: nothing can follow it on this connection.
    if (!this.#response.req.complete) this.#response.shouldKeepAlive = false
    if (this.#statusText === undefined) this.#response.writeHead(this.#status, fields)
    else this.#response.writeHead(this.#status, this.#statusText, fields)
  }
}

/** The fields that go upstream: the client's, who calls, and where from. */
export function upstreamFields(limited: Limited, hasBody: boolean): string[] {
  const { accepted, call } = limited.planned
  const { head, exchange } = accepted
  const fields = head.forward
  for (const field of call.caller.identity) fields.push(field)
  fields.push(
    'x-request-id',
    exchange.requestId,
    'x-forwarded-for',
    exchange.request.socket.remoteAddress ?? '',
    'x-forwarded-proto',
    'http',
    'x-forwarded-host',
    head.host,
  )
  if (hasBody && head.contentLength !== undefined) fields.push('content-length', head.contentLength)
  return fields
}

/** Up to this size one write of text costs less than two pieces. */
const TEXT_BYTES_MAX = 4096

/** A reason phrase Node takes; another is left out, for it means nothing. */
const REASON = /^[\t -~]*$/

function sendHead(passage: Passage): void {
  passage.sendHead()
}

const CLIENT_GONE = new Error('the client is gone')

/** What the client is told of a failed upstream: never its address, never its message. */
function upstreamProblem(error: Error): Refusal {
  const code: unknown = 'code' in error ? error.code : undefined
  const problem: ErrorCode =
    typeof code === 'string' && TIMEOUTS.has(code)
      ? 'upstream-timeout'
      : error.name === 'HTTPParserError' ||
          (typeof code === 'string' && INVALID.has(code)) ||
          UNASKED.has(error.message)
        ? 'upstream-invalid-response'
        : 'upstream-unreachable'
  return new Refusal(problem, DETAILS[problem])
}

const TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
])

const INVALID = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RESPONSE',
])

/** What undici says, by its message only, of a `100` or `101` no one asked for. */
const UNASKED = new Set(['bad response', 'bad upgrade'])

const DETAILS = {
  'upstream-timeout': 'The service behind this endpoint did not answer in time.',
  'upstream-invalid-response': 'The service behind this endpoint sent something that is no valid answer.',
  'upstream-unreachable': 'The service behind this endpoint cannot be reached.',
} as const
