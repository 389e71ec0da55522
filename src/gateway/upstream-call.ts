import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import type { Limited } from './exchange.ts'
import type { PlainAnswer } from './lane/plain-answer.ts'
import { hasBody } from './policy.ts'
import { rewritePath } from './rewrite.ts'
import type { Turns } from './turns.ts'
import { TOO_LARGE, Upload } from './upload.ts'
import { upstreamFields } from './upstream-fields.ts'
import { NO_CONNECTION } from './upstream-problem.ts'
import type { Attempt, UpstreamTarget, Verdict } from './upstream-target.ts'
import type { Upstream } from './upstreams.ts'

/**
 * One call on its way to its upstream: to one target, and to another when that is safe.
 *
 * Safe is what an upstream cannot have done yet: a call of which nothing was sent, or one whose method
 * may be repeated (RFC 9110, 9.2.2). Never when an answer has begun, when some of the body was read, or
 * after a wait that ran out. However often it is sent, it is one call to the client and one event.
 */
export class UpstreamCall {
  readonly #limited: Limited
  readonly #upstream: Upstream
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #hasBody: boolean
  #attempt: Attempt | undefined
  #tried: readonly UpstreamTarget[] = NONE
  #upload: Upload | undefined
  #fields: string[] | undefined
  #retriesLeft: number
  #sentMs = 0
  #upstreamMs = -1
  /** Set while it waits for a connection that another call has. */
  #waiting: NodeJS.Timeout | undefined

  constructor(limited: Limited, upstream: Upstream, clock: Clock, turns: Turns) {
    const { accepted, call } = limited.planned
    this.#limited = limited
    this.#upstream = upstream
    this.#clock = clock
    this.#turns = turns
    this.#hasBody = hasBody(accepted.head)
    this.#retriesLeft = call.matched.route.policy.retries
    upstream.retries.earn()
  }

  /** Sends it; what comes back goes to `handler`. False when no target takes calls. */
  send(handler: CallHandler): boolean {
    const nowMs = this.#clock.monotonicMs()
    const target = this.#upstream.choose(nowMs)
    if (target === undefined) return false
    this.#sentMs = nowMs
    this.#sendTo(target, handler)
    return true
  }

  /** Seconds until a target takes calls again. Only after `send` said that none does. */
  get opensInSeconds(): number {
    return this.#upstream.opensInSeconds(this.#clock.monotonicMs())
  }

  /**
   * Sends it again after it failed, as `judge` was told, before its answer, if that is safe. `sent`: some of
   * it may have arrived.
   *
   * A call that no one has seen anything of costs nothing of the budget where another target is well: it is
   * the first that this one gets of it.
   */
  sendAgain(handler: CallHandler, error: Error, sent: boolean): boolean {
    this.leave()
    if (this.#retriesLeft === 0 || !this.#mayRepeat(error, sent)) return false
    const failed = this.#attempt?.target
    const tried = failed === undefined ? this.#tried : [...this.#tried, failed]
    const nowMs = this.#clock.monotonicMs()
    const target = this.#upstream.choose(nowMs, tried)
    if (target === undefined) return false
    const isFree = !sent && target.isWell && !tried.includes(target)
    if (!isFree && !this.#upstream.retries.spend(nowMs)) return false
    this.#tried = tried
    this.#sentMs = nowMs
    this.#retriesLeft -= 1
    this.#sendTo(target, handler)
    return true
  }

  /** Where it went last. */
  get url(): string {
    return this.#attempt?.target.url ?? ''
  }

  /** From sending it, the last time, until the head of its answer was here; negative when none came. */
  get upstreamMs(): number {
    return this.#upstreamMs
  }

  /** It has a connection. */
  started(): void {
    clearTimeout(this.#waiting)
  }

  /** The head of the answer is here. */
  answered(status: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#upstreamMs = nowMs - this.#sentMs
    this.#attempt?.judge(this.#attempt.target.isFailure(status) ? 'failed' : 'answered', nowMs)
    failPoint('after-upstream-headers')
  }

  /** The answer broke off behind its head. */
  brokeOff(): void {
    this.#attempt?.brokeOff(this.#clock.monotonicMs())
  }

  /** Says what it shows of its target; the first word counts. */
  judge(verdict: Verdict): void {
    this.#attempt?.judge(verdict, this.#clock.monotonicMs())
  }

  /** The upstream has nothing more to do with it. */
  leave(): void {
    clearTimeout(this.#waiting)
    this.#attempt?.leave()
  }

  #sendTo(target: UpstreamTarget, handler: CallHandler): void {
    const { accepted, call } = this.#limited.planned
    const { request, response, early, body } = accepted.exchange
    const { policy, path: pattern } = call.matched.route
    const { pathAndQuery } = accepted.target
    const path =
      policy.rewrite === null ? pathAndQuery : rewritePath(accepted.target, pattern, policy.rewrite)
    this.#fields ??= upstreamFields(this.#limited, this.#hasBody)
    this.#attempt = target.begin(this.#sentMs)
    // All connections are busy: as long as for a new one it waits for one of them, not without end.
    if (target.isCrowded) this.#waiting = setTimeout(giveUp, call.matched.api.connectMs, this, handler)
    if (this.#hasBody && body === undefined) {
      const onStart = accepted.head.expectsContinue ? () => askForBody(response) : noop
      this.#upload = new Upload({ request, bytesMax: policy.bodyBytesMax, turns: this.#turns, onStart })
    }
    failPoint('before-connect')
    target.pool.dispatch(
      {
        method: request.method ?? 'GET',
        path: target.basePath + path,
        headers: this.#fields,
        body: body ?? this.#upload ?? null,
        upgrade: early === undefined ? null : 'websocket',
        headersTimeout: policy.headersMs,
        bodyTimeout: policy.idleMs,
      },
      handler,
      // All without a key are one: whoever comes with a thousand addresses is not a thousand callers.
      call.caller.grant?.tenantId ?? '',
    )
  }

  #mayRepeat(error: Error, sent: boolean): boolean {
    if (error === TOO_LARGE || error === NO_CONNECTION || this.#upload?.started === true) return false
    if (!sent) return true
    const { method = '' } = this.#limited.planned.accepted.exchange.request
    return REPEATABLE.has(method) && !('code' in error && error.code === 'UND_ERR_HEADERS_TIMEOUT')
  }
}

/** What is told of a call on its way. */
export interface CallHandler extends Dispatcher.DispatchHandler {
  /** Nobody waits for it any more. */
  readonly isOver: boolean
  /** Its answer came by the fast lane, and is all here: in place of what undici tells of one. */
  onWholeAnswer(controller: Dispatcher.DispatchController, answer: PlainAnswer): void
  /** It failed, by the word of an upstream or of gatez itself. */
  failed(error: Error): void
}

/** That connections are busy says nothing against the upstream. */
function giveUp(call: UpstreamCall, handler: CallHandler): void {
  call.judge('gone')
  handler.failed(NO_CONNECTION)
}

function askForBody(response: ServerResponse): void {
  if (!response.headersSent) response.writeContinue()
}

function noop(): void {}

const NONE: readonly UpstreamTarget[] = []

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
