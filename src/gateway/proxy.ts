import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { failPoint } from '../lib/fail-point.ts'
import type { Outcome } from '../model/event.ts'
import type { CallMetering } from './call-metering.ts'
import type { Ending, PassageListener } from './ending.ts'
import type { Limited } from './exchange.ts'
import { Flow, type FlowOwner } from './flow.ts'
import type { PlainAnswer } from './lane/plain-answer.ts'
import type { LongAnswer } from './long-answers.ts'
import type { Held } from './meter.ts'
import type { OnceCall } from './once-call.ts'
import type { Refusal } from './refusal.ts'
import { Reply } from './reply.ts'
import {
  type AnswerHead,
  bodyLength,
  isCoded,
  type ResponseHead,
  readResponseFields,
  readResponseHead,
  type UpstreamHeaders,
  withoutLength,
} from './response-head.ts'
import { switchProtocols, Tunnel } from './upgrade.ts'
import { TOO_LARGE } from './upload.ts'
import type { CallHandler, UpstreamCall } from './upstream-call.ts'
import {
  CLIENT_GONE,
  circuitOpen,
  TOO_MUCH_BEFORE,
  UNKNOWN_CODING,
  upstreamProblem,
} from './upstream-problem.ts'
import { isEventStream, type UsageReader } from './usage-reader.ts'

/**
 * Stage 5: one request on its way through the upstream and back.
 *
 * Streams both ways without copying; what comes back goes out by way of `Reply`, which holds its end.
 */
export class Passage implements CallHandler, FlowOwner {
  readonly #limited: Limited
  readonly #call: UpstreamCall
  readonly #metering: CallMetering
  readonly #listener: PassageListener
  readonly #response: ServerResponse
  readonly #reply: Reply
  readonly #once: OnceCall | undefined
  readonly #bodyless: boolean
  /** Whether the upstream may have seen something of the request, in this attempt. */
  #sent = false
  controller: Dispatcher.DispatchController | undefined
  #status = 0
  #head: AnswerHead | undefined
  #meters: Map<string, string> | undefined
  #usage: UsageReader | undefined
  /** Bytes of the body still to come; -1 when the upstream did not say. */
  #bytesLeft = -1
  readonly #flow: Flow
  /** What meters it in parts; null when nothing does, undefined when it was not long so far. */
  #long: LongAnswer | null | undefined
  #clientLeft = false
  #ended = false

  constructor(limited: Limited, call: UpstreamCall, metering: CallMetering, listener: PassageListener) {
    this.#limited = limited
    this.#call = call
    this.#metering = metering
    this.#listener = listener
    this.#reply = new Reply(limited, listener)
    const { request, response, startMonotonicMs, once } = limited.planned.accepted.exchange
    this.#once = once
    this.#flow = new Flow(this, startMonotonicMs, listener.traffic)
    this.#response = response
    this.#bodyless = request.method === 'HEAD'
    response.on('close', this.#clientGone)
  }

  /** Sends the call to its upstream; the rest follows. */
  begin(): void {
    // Who left while something was asked for the call will not say so again.
    if (this.#response.destroyed) this.#clientGone()
    if (!this.#ended && !this.#call.send(this)) this.#give(circuitOpen(this.#call.opensInSeconds))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    this.#sent = true
    // Told anew where undici goes on with a call of the fast lane.
    this.#flow.bytesReceived = 0
    this.#call.started()
    if (this.#ended) controller.abort(CLIENT_GONE)
  }

  onBodySent(chunk: Buffer): void {
    this.#flow.received(chunk.length)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    statusText?: string,
  ): void {
    if (this.#ended) return
    if (status < 200) {
      if (!this.#reply.inform(status, headers)) controller.abort(TOO_MUCH_BEFORE)
      return
    }
    if (isCoded(headers)) {
      controller.abort(UNKNOWN_CODING)
      return
    }
    const head = readResponseHead(headers)
    if (status === 204) withoutLength(head.forward)
    this.#beginReply({ status, statusText, headers }, head)
    const length = bodyLength(status, headers, this.#bodyless)
    if (length !== undefined) this.#bytesLeft = length
    // A stream may stay silent for long: who waits for its head must not wait for its first piece.
    else setImmediate(() => this.#ended || this.#reply.sendHead())
  }

  onWholeAnswer(controller: Dispatcher.DispatchController, answer: PlainAnswer): void {
    if (this.#ended) return
    this.#beginReply(answer, readResponseFields(answer.fields))
    this.#bytesLeft = answer.body.length
    if (answer.body.length > 0) this.onResponseData(controller, answer.body)
    if (!controller.aborted) this.onResponseEnd()
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    upstream: Duplex,
  ): void {
    const { planned } = this.#limited
    const { request, early } = planned.accepted.exchange
    if (this.#ended || early === undefined) {
      upstream.destroy()
      return
    }
    this.#beginAnswer({ status, statusText: undefined, headers })
    const head = readResponseHead(headers)
    this.#meters = head.meters
    this.#listener.ownFields.add(head.forward, this.#limited)
    this.#response.off('close', this.#clientGone)
    switchProtocols(this.#response, request.socket, head.forward)
    const tunnel = new Tunnel({
      client: request.socket,
      ...{ upstream, early, turns: this.#listener.traffic.turns },
      idleMs: planned.call.matched.route.policy.idleMs,
      moved: () => this.#long?.moved(this.#flow.bytesMoved()),
      ended: (outcome, held) => {
        this.#flow.bytesMoved()
        this.#end(outcome, outcome === 'ok' ? held : undefined)
      },
    })
    this.#flow.tunnelThrough(tunnel)
    this.#watchLong(true)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return
    this.#usage?.push(chunk)
    this.#once?.piece(chunk)
    if (this.#clientLeft) {
      if (this.#once?.fits !== true) this.#leave()
      return
    }
    this.#flow.sent(chunk.length)
    if (this.#bytesLeft !== -1) {
      this.#bytesLeft -= chunk.length
      if (this.#bytesLeft === 0) {
        this.#reply.holdTail(chunk)
        return
      }
    }
    if (!this.#reply.write(chunk)) this.#flow.waitForClient(controller, this.#response)
    failPoint('mid-body')
    // From the first piece on that is not the last: most answers never come here.
    if (this.#long === undefined) this.#watchLong(isEventStream(this.#head?.headers))
    this.#long?.moved(this.#flow.bytesMoved())
    this.#flow.takeTurns(controller, chunk.length)
  }

  onResponseEnd(_controller?: Dispatcher.DispatchController, trailers?: UpstreamHeaders): void {
    // Meters may come behind the body: what a stream used is known at its end only.
    const late = this.#ended || trailers === undefined ? undefined : this.#reply.addTrailers(trailers)
    if (late !== undefined) this.#meters = new Map([...(this.#meters ?? []), ...late])
    this.#once?.complete()
    if (this.#clientLeft) this.#end('client_aborted', undefined)
    else this.#end('ok', this.#reply)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.failed(error)
  }

  get isOver(): boolean {
    return this.#ended
  }

  failed(error: Error): void {
    if (this.#ended) return
    const isClients = error === TOO_LARGE
    if (!isClients) {
      this.#listener.upstreamFailed(this.#limited, this.#call.url, error)
      if (this.#status === 0) this.#call.judge('failed')
      else this.#call.brokeOff()
    }
    if (this.#response.headersSent || (this.#clientLeft && this.#status !== 0)) {
      if (isClients) this.#end('refused', undefined, upstreamProblem(error))
      else this.#end('upstream_truncated', undefined)
      // A message that broke off must not look whole.
      this.#response.destroy()
      return
    }
    // An answer whose head arrived is not asked for again, whoever has seen it.
    if (this.#status === 0 && !this.#reply.informed && this.#retried(error)) return
    this.#give(upstreamProblem(error))
  }

  givePart(held: Held): void {
    this.#metering.recordPart(this.#limited, this.#ending('open', undefined), held)
  }

  #beginAnswer(head: AnswerHead): void {
    this.#call.answered(head.status)
    this.#status = head.status
    this.#head = head
  }

  #beginReply(head: AnswerHead, { forward, meters }: ResponseHead): void {
    this.#beginAnswer(head)
    this.#meters = meters
    this.#usage = this.#metering.usageReader(this.#limited, head)
    const reason = this.#reply.begin(head, forward)
    this.#once?.begin(head.status, reason, forward)
  }

  #watchLong(isStream: boolean): void {
    this.#flow.isStream = isStream
    this.#long = this.#metering.longAnswer(this.#limited, this.#status, this.#flow)
  }

  #retried(error: Error): boolean {
    const [sent, bytesReceived] = [this.#sent, this.#flow.bytesReceived]
    this.#sent = false
    this.#flow.bytesReceived = 0
    const again = this.#call.sendAgain(this, error, sent)
    if (!again) this.#flow.bytesReceived = bytesReceived
    return again
  }

  /** Nothing came of it: the client gets a problem. */
  #give(refusal: Refusal): void {
    this.#end(refusal.status === 413 ? 'refused' : 'upstream_error', undefined, refusal)
    this.#listener.refuse(this.#limited, refusal)
  }

  readonly #clientGone = (): void => {
    if (this.#ended) return
    this.#clientLeft = true
    // A call that may be sent again is brought to its end, for the next one to find its answer.
    if (this.#once?.clientLeft(this.#leave) === true) this.#flow.clientLeft()
    else this.#leave()
  }

  readonly #leave = (): void => {
    this.#end('client_aborted', undefined)
    this.controller?.abort(CLIENT_GONE)
  }

  #end(outcome: Outcome, held: Held | undefined, refusal?: Refusal): void {
    if (this.#ended) return
    this.#ended = true
    this.#flow.end()
    this.#long?.end()
    this.#usage?.end()
    // The first word counts: this one only if the client left before any.
    this.#call.judge('gone')
    this.#call.leave()
    this.#listener.ended(this.#limited, this.#ending(outcome, refusal), held)
  }

  #ending(outcome: Outcome, refusal: Refusal | undefined): Ending {
    return {
      outcome,
      status: refusal?.status ?? this.#status,
      upstreamMs: this.#call.upstreamMs,
      refusal,
      bytesSent: this.#flow.bytesSent,
      bytesReceived: this.#flow.bytesReceived,
      head: this.#head,
      meters: this.#meters,
      usage: this.#usage,
      parts: this.#flow.partsBefore,
    }
  }
}
