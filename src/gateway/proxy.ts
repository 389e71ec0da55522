import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { failPoint } from '../lib/fail-point.ts'
import type { Outcome } from '../model/event.ts'
import type { Ending, PassageListener } from './ending.ts'
import type { Limited } from './exchange.ts'
import type { Held } from './meter.ts'
import { Refusal } from './refusal.ts'
import { readReason, readResponseHead, readTrailers } from './response-head.ts'
import { switchProtocols, Tunnel } from './upgrade.ts'
import { TOO_LARGE } from './upload.ts'
import type { UpstreamCall } from './upstream-call.ts'
import { changeFields } from './upstream-fields.ts'
import { TOO_MUCH_BEFORE, upstreamProblem } from './upstream-problem.ts'
import { sendWhole } from './whole-answer.ts'

/**
 * Stage 5: one request on its way through the upstream and back.
 *
 * Streams both ways without copying. The end of the answer is held until `release`: with a
 * Content-Length the last piece, chunked the terminating chunk, without a body the head.
 */
export class Passage implements Dispatcher.DispatchHandler, Held {
  readonly #limited: Limited
  readonly #call: UpstreamCall
  readonly #listener: PassageListener
  readonly #response: ServerResponse
  readonly #bodyless: boolean
  #watchesSocket = false
  /** Whether the upstream may have seen something of the request, in this attempt. */
  #sent = false
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #statusText: string | undefined
  #fields: string[] | undefined
  #meters: Map<string, string> | undefined
  /** Bytes of the body still to come; -1 when the upstream did not say. */
  #bytesLeft = -1
  #tail: Buffer | undefined
  /** Informational answers so far. */
  #informed = 0
  #bytesSent = 0
  #bytesReceived = 0
  #ended = false

  constructor(limited: Limited, call: UpstreamCall, listener: PassageListener) {
    this.#limited = limited
    this.#call = call
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

  /** Sends the call to its upstream; the rest follows. */
  begin(): void {
    if (this.#call.send(this)) return
    const headers = ['Retry-After', String(this.#call.opensInSeconds)]
    this.#give(new Refusal('circuit-open', HELD_BACK, { headers }))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#sent = true
    if (this.#ended) controller.abort(CLIENT_GONE)
  }

  onBodySent(chunk: Buffer): void {
    this.#bytesReceived += chunk.length
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (this.#ended) return
    if (status < 200) {
      this.#inform(controller, status, headers)
      return
    }
    this.#call.answered(status)
    const head = readResponseHead(headers)
    this.#status = status
    this.#statusText = readReason(status, statusText)
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
    this.#call.answered(status)
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
      idleMs: planned.call.matched.route.policy.idleMs,
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
    failPoint('mid-body')
  }

  onResponseEnd(
    _controller?: Dispatcher.DispatchController,
    trailers?: Record<string, string | string[] | undefined>,
  ): void {
    if (!this.#ended && trailers !== undefined) this.#keepTrailers(trailers)
    this.#end('ok', this)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return
    if (error === TOO_LARGE) this.#call.judge('gone')
    else this.#listener.upstreamFailed(this.#limited, error)
    if (this.#status !== 0) this.#call.brokeOff()
    if (this.#response.headersSent) {
      this.#end('upstream_truncated', undefined)
      // A message that broke off must not look whole.
      this.#response.destroy()
      return
    }
    // An answer whose head arrived is not asked for again, whoever has seen it.
    if (this.#status === 0 && this.#informed === 0 && this.#retried(error)) return
    this.#give(upstreamProblem(error))
  }

  #retried(error: Error): boolean {
    const sent = this.#sent
    this.#sent = false
    return this.#call.sendAgain(this, error, sent)
  }

  /** Nothing came of it: the client gets a problem. */
  #give(refusal: Refusal): void {
    this.#end(refusal.status === 413 ? 'refused' : 'upstream_error', undefined, refusal)
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

  /** Passes on what the upstream says before its answer; not to HTTP/1.0, which knows nothing of it. */
  #inform(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#informed += 1
    if (this.#informed > INFORMATIONAL_MAX) {
      controller.abort(TOO_MUCH_BEFORE)
      return
    }
    const { request } = this.#limited.planned.accepted.exchange
    if (request.httpVersionMinor === 0 || status === 100) return
    this.#response.writeInformation(status, readResponseHead(headers).forward)
  }

  /** Meters may come behind the body: what a stream used is known at its end only. */
  #keepTrailers(trailers: Record<string, string | string[] | undefined>): void {
    const { fields, meters } = readTrailers(trailers)
    if (meters !== undefined) this.#meters = new Map([...(this.#meters ?? []), ...meters])
    const { acceptsTrailers } = this.#limited.planned.accepted.head
    if (acceptsTrailers && fields.length > 0) this.#response.addTrailers(fields)
  }

  readonly #clientGone = (): void => {
    if (this.#ended) return
    this.#end('client_aborted', undefined)
    this.#controller?.abort(CLIENT_GONE)
  }

  #end(outcome: Outcome, held: Held | undefined, refusal?: Refusal): void {
    if (this.#ended) return
    this.#ended = true
    // The first word counts: this one only if the client left before any.
    this.#call.judge('gone')
    this.#call.leave()
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
    const { responseFields } = this.#limited.planned.call.matched.route.policy
    if (responseFields !== null) changeFields(fields, responseFields)
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

/** Up to this size one write of text costs less than two pieces. */
const TEXT_BYTES_MAX = 4096

function sendHead(passage: Passage): void {
  passage.sendHead()
}

const HELD_BACK = 'The service behind this endpoint failed too often; it is given time to recover.'

/** More answers before the answer mean that none will come. */
const INFORMATIONAL_MAX = 16

const CLIENT_GONE = new Error('the client is gone')
