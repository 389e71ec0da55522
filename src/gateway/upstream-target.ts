import type { Clock } from '../lib/clock.ts'
import { type Api, type Breaker, statusCounts } from '../model/api.ts'
import { upstreamConnector } from './upstream-connector.ts'
import { UpstreamPool } from './upstream-pool.ts'

/** What one call says of its target: `gone` nothing, for the client left. */
export type Verdict = 'answered' | 'failed' | 'gone'

/**
 * One of the addresses an api's calls can go to, with what this thread knows of how it is.
 *
 * The breaker counts failures in a row. When they are too many the target gets no call for a while, then
 * one; an answer to that one closes it again. If that one takes as long as the while, it gets another.
 */
export class UpstreamTarget {
  readonly url: string
  readonly pool: UpstreamPool
  /** Put before every path; empty, or without a slash at its end. */
  readonly basePath: string
  /** Calls that it has not answered to the end. */
  pending = 0
  /** What gatez's own questions say of it. */
  healthy = true
  readonly #breaker: Breaker | null
  readonly #connectionsMax: number | null
  #failures = 0
  /** Answers so far that began well. */
  #answers = 0
  #openUntilMs = Number.NEGATIVE_INFINITY
  /** When a call went there to see whether it is well again; it may take long, by the will of its client alone. */
  #triedAtMs = Number.NEGATIVE_INFINITY

  constructor(address: string, api: Api, { clock, fastLane }: UpstreamParts) {
    const url = new URL(address)
    this.url = address
    this.basePath = url.pathname.replace(/\/$/, '')
    this.#breaker = api.breaker
    this.#connectionsMax = api.connectionsMax
    this.pool = new UpstreamPool({
      url,
      connect: upstreamConnector({ timeout: api.connectMs, ...tlsOptions(api) }, fastLane),
      connectionsMax: api.connectionsMax,
      fastLane,
      clock,
    })
  }

  /** Whether a call may go there now. `nowMs` is a monotonic clock's. */
  takesCalls(nowMs: number): boolean {
    if (!this.healthy) return false
    if (this.#openUntilMs === Number.NEGATIVE_INFINITY) return true
    return nowMs >= Math.max(this.#openUntilMs, this.#triedAtMs + (this.#breaker?.openMs ?? 0))
  }

  /** When a call may go there again, if none may now for too many that failed. */
  get opensAtMs(): number {
    return this.#openUntilMs
  }

  /** A call goes there. `nowMs` is a monotonic clock's. */
  begin(nowMs: number): Attempt {
    this.pending += 1
    const isTrial = this.#openUntilMs !== Number.NEGATIVE_INFINITY
    if (isTrial) this.#triedAtMs = nowMs
    return new Attempt(this, isTrial)
  }

  /** Whether an answer of this status counts as a failure. */
  isFailure(status: number): boolean {
    return this.#breaker !== null && statusCounts(this.#breaker.statuses, status)
  }

  /** Whether the last call that began must wait until another one ends. */
  get isCrowded(): boolean {
    return this.#connectionsMax !== null && this.pending > this.#connectionsMax
  }

  /** Whether nothing has gone wrong since it answered last. */
  get isWell(): boolean {
    return this.#failures === 0 && this.#openUntilMs === Number.NEGATIVE_INFINITY
  }

  /** Something went wrong, and not for the first time perhaps. `nowMs` is a monotonic clock's. */
  failed(nowMs: number): void {
    this.#failures += 1
    if (this.#breaker === null) return
    if (this.#failures >= this.#breaker.failures) this.#openUntilMs = nowMs + this.#breaker.openMs
  }

  /** An answer began well. Returns what `brokeOff` must know should it not end so. */
  answered(): Answered {
    const before = this.#failures
    this.#failures = 0
    this.#answers += 1
    return { failuresBefore: before, answers: this.#answers }
  }

  /** An answer that began well broke off: unless others began well since, it never ended the row of failures. */
  brokeOff({ failuresBefore, answers }: Answered, nowMs: number): void {
    if (answers === this.#answers) this.#failures += failuresBefore
    this.failed(nowMs)
  }

  /** A call that was to show whether it is well again did. */
  tried(verdict: Verdict, nowMs: number): void {
    // Another one that went there later was faster.
    if (this.#openUntilMs === Number.NEGATIVE_INFINITY) {
      if (verdict === 'failed') this.failed(nowMs)
      return
    }
    this.#triedAtMs = Number.NEGATIVE_INFINITY
    if (verdict === 'answered') {
      this.#openUntilMs = Number.NEGATIVE_INFINITY
    } else if (verdict === 'failed' && this.#breaker !== null) {
      this.#openUntilMs = nowMs + this.#breaker.openMs
    }
  }
}

/** What the way to an upstream needs beside what its api says. */
export interface UpstreamParts {
  readonly clock: Clock
  /** Whether plain calls take the fast lane. */
  readonly fastLane: boolean
}

/** How a target stood when an answer began well. */
interface Answered {
  readonly failuresBefore: number
  readonly answers: number
}

/** One call on its way to a target and back. */
export class Attempt {
  readonly target: UpstreamTarget
  readonly #isTrial: boolean
  #judged = false
  #left = false
  #answered: Answered | undefined

  constructor(target: UpstreamTarget, isTrial: boolean) {
    this.target = target
    this.#isTrial = isTrial
  }

  /** Says what this call shows of its target; the first word counts. `nowMs` is a monotonic clock's. */
  judge(verdict: Verdict, nowMs: number): void {
    if (this.#judged) return
    this.#judged = true
    if (this.#isTrial) this.target.tried(verdict, nowMs)
    else if (verdict === 'failed') this.target.failed(nowMs)
    // An answer to a call from before the target was closed off does not open it.
    if (verdict === 'answered') this.#answered = this.target.answered()
  }

  /** The answer broke off behind its head. `nowMs` is a monotonic clock's. */
  brokeOff(nowMs: number): void {
    if (this.#answered !== undefined) this.target.brokeOff(this.#answered, nowMs)
  }

  /** The target has nothing more to do with this call. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    this.target.pending -= 1
  }
}

function tlsOptions({ tls }: Api) {
  return {
    ...(tls?.ca != null && { ca: tls.ca }),
    ...(tls?.cert != null && { cert: tls.cert }),
    ...(tls?.key != null && { key: tls.key }),
    ...(tls?.serverName != null && { servername: tls.serverName }),
  }
}
