import type { Dispatcher } from 'undici'
import type { Clock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import type { Limited } from './exchange.ts'
import { hasBody } from './policy.ts'
import { rewritePath } from './rewrite.ts'
import { TOO_LARGE, Upload } from './upload.ts'
import { upstreamFields } from './upstream-fields.ts'
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
  readonly #hasBody: boolean
  #attempt: Attempt | undefined
  #tried: UpstreamTarget[] | undefined
  #upload: Upload | undefined
  #fields: string[] | undefined
  #retriesLeft: number

  constructor(limited: Limited, upstream: Upstream, clock: Clock) {
    const { accepted, call } = limited.planned
    this.#limited = limited
    this.#upstream = upstream
    this.#clock = clock
    this.#hasBody = hasBody(accepted.head)
    this.#retriesLeft = call.matched.route.policy.retries
    upstream.retries.earn()
  }

  /** Sends it; what comes back goes to `handler`. False when no target takes calls. */
  send(handler: Dispatcher.DispatchHandler): boolean {
    const { accepted, call } = this.#limited.planned
    const { request, early, body } = accepted.exchange
    const target = this.#upstream.choose(this.#clock.monotonicMs(), this.#tried)
    if (target === undefined) return false
    this.#attempt = target.begin()
    const { policy, path } = call.matched.route
    if (this.#hasBody && body === undefined) this.#upload = new Upload(request, policy.bodyBytesMax)
    this.#fields ??= upstreamFields(this.#limited, this.#hasBody)
    const { target: asked } = accepted
    failPoint('before-connect')
    target.pool.dispatch(
      {
        method: request.method ?? 'GET',
        path:
          target.basePath +
          (policy.rewrite === null ? asked.pathAndQuery : rewritePath(asked, path, policy.rewrite)),
        headers: this.#fields,
        body: body ?? this.#upload ?? null,
        upgrade: early === undefined ? null : 'websocket',
        headersTimeout: policy.headersMs,
        bodyTimeout: policy.idleMs,
      },
      handler,
    )
    return true
  }

  /** Seconds until a target takes calls again. Only after `send` said that none does. */
  get opensInSeconds(): number {
    return this.#upstream.opensInSeconds(this.#clock.monotonicMs())
  }

  /** Sends it again after it failed before its answer, if that is safe. `sent`: some of it may have arrived. */
  sendAgain(handler: Dispatcher.DispatchHandler, error: Error, sent: boolean): boolean {
    this.judge('failed')
    this.leave()
    if (this.#retriesLeft === 0 || !this.#mayRepeat(error, sent)) return false
    const failed = this.#attempt?.target
    if (failed !== undefined) this.#tried = [...(this.#tried ?? []), failed]
    const nowMs = this.#clock.monotonicMs()
    if (this.#upstream.choose(nowMs, this.#tried) === undefined) return false
    if (!this.#upstream.retries.spend(nowMs)) return false
    this.#retriesLeft -= 1
    return this.send(handler)
  }

  /** The head of the answer is here. */
  answered(status: number): void {
    this.judge(this.#attempt?.target.isFailure(status) === true ? 'failed' : 'answered')
    failPoint('after-upstream-headers')
  }

  /** The answer broke off behind its head. */
  brokeOff(): void {
    this.#attempt?.target.failed(this.#clock.monotonicMs())
  }

  judge(verdict: Verdict): void {
    this.#attempt?.judge(verdict, this.#clock.monotonicMs())
  }

  /** The upstream has nothing more to do with it. */
  leave(): void {
    this.#attempt?.leave()
  }

  #mayRepeat(error: Error, sent: boolean): boolean {
    if (error === TOO_LARGE || this.#upload?.started === true) return false
    if (!sent) return true
    const { method = '' } = this.#limited.planned.accepted.exchange.request
    return REPEATABLE.has(method) && !('code' in error && error.code === 'UND_ERR_HEADERS_TIMEOUT')
  }
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
