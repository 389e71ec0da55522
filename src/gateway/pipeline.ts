import type { Clock } from '../lib/clock.ts'
import { encodeEvent } from '../metering/event.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import { COUNTED_STATUSES, statusCounts } from '../model/api.ts'
import { keyAllows } from '../model/key-scope.ts'
import type { Period } from '../model/period.ts'
import type { CounterStore } from '../storage/ports/counters.ts'
import { accept } from './accept.ts'
import type { Authenticator } from './authenticate.ts'
import { Caller, type CallPlan, type PeriodFinder } from './call-plan.ts'
import type { Accepted, Exchange, Limited, Planned } from './exchange.ts'
import { addRateHeaders } from './headers.ts'
import { limit } from './limit.ts'
import type { Held, MeterClient } from './meter.ts'
import { type OwnAnswer, type OwnEndpoint, OwnEndpoints, ownEndpointAt } from './own-endpoints.ts'
import { type Ending, Passage, type PassageListener } from './proxy.ts'
import { readQuantities } from './quantities.ts'
import { Refusal } from './refusal.ts'
import { RefusalLog } from './refusal-log.ts'
import type { Rules } from './rules.ts'
import { Upload } from './upload.ts'
import { upstreamFields } from './upstream-fields.ts'
import { UpstreamLog } from './upstream-log.ts'
import type { Upstreams } from './upstreams.ts'

/** The way of a request: accept → authenticate → plan → limit → proxy → meter. */
export class Pipeline implements PassageListener {
  readonly #parts: PipelineParts
  readonly #refusalLog: RefusalLog
  readonly #upstreamLog: UpstreamLog
  readonly #own: OwnEndpoints
  #rules: Rules
  #anyone: Caller
  #draining = false
  /** Calls at the upstream whose event is not handed over yet. */
  #open = 0
  #allEnded: (() => void) | undefined

  constructor(parts: PipelineParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#anyone = new Caller(undefined, parts.rules)
    this.#refusalLog = new RefusalLog(parts.meter, parts.clock)
    this.#upstreamLog = new UpstreamLog(parts.warn, parts.clock)
    this.#own = new OwnEndpoints({
      ...parts,
      isDraining: () => this.#draining,
      canMeter: () => parts.meter.available,
    })
  }

  /** Puts new rules in force, from the next request on. */
  replaceRules(rules: Rules): void {
    this.#rules = rules
    this.#anyone = new Caller(undefined, rules)
  }

  /** Drops what changes made stale. */
  forget(subjects: readonly string[]): void {
    this.#parts.authenticator.forget(subjects)
  }

  /** From now on an answer tells its client that the connection ends with it. */
  startDraining(): void {
    this.#draining = true
  }

  /** Resolves once every call that was let through has handed over its event. */
  async allEnded(): Promise<void> {
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      this.#allEnded = resolve
    })
  }

  /** Sends out what was held back to be logged in sum; `final` before the thread ends. */
  flush(final = false): void {
    this.#refusalLog.flush(final)
  }

  pass(exchange: Exchange): void {
    const own = ownEndpointAt(this.#rules.ownPaths, exchange.request.url ?? '')
    if (own !== undefined) {
      this.#answerOwn(own, exchange)
      return
    }
    const accepted = accept(exchange, this.#rules.router)
    if (accepted instanceof Refusal) {
      this.#answer(exchange, accepted, undefined)
      return
    }
    const planned = this.#plan(accepted)
    if (planned instanceof Refusal) {
      this.#answer(exchange, planned, undefined)
      return
    }
    const gate = this.#gate(planned)
    if (gate !== undefined) {
      this.#refuseKnown(planned, gate)
      return
    }
    const limited = limit(planned, this.#parts.counters, this.#rules, exchange.startMs)
    if (limited instanceof Promise) {
      limited.then(
        (settled) => this.#proceed(planned, settled),
        (error) => this.#parts.fault(exchange, error),
      )
    } else this.#proceed(planned, limited)
  }

  addOwnFields(fields: string[], limited: Limited): void {
    this.#addLimits(fields, limited)
    if (this.#draining) fields.push('Connection', 'close')
  }

  ended(limited: Limited, ending: Ending, held: Held | undefined): void {
    const { accepted, call } = limited.planned
    const { exchange, target } = accepted
    const { quantities, anyCounts } = readQuantities(this.#rules.meters, ending)
    const finished = ending.outcome === 'ok' || ending.outcome === 'client_aborted'
    const counts = finished && (anyCounts || statusCounts(COUNTED_STATUSES, ending.status))
    const billable = counts && call.caller.billed
    if (!billable && call.limits.hasQuota) this.#giveBack(call)
    const line = encodeEvent({
      id: exchange.eventId,
      timestampMs: exchange.startMs,
      caller: call.caller.origin,
      apiId: call.matched.api.id,
      routeId: call.matched.route.id,
      method: exchange.request.method ?? '',
      endpoint: target.path,
      statusCode: ending.status,
      outcome: ending.outcome,
      refusal: ending.refusal?.code ?? '',
      billable,
      responseTimeMs: Math.round(this.#parts.clock.monotonicMs() - exchange.startMonotonicMs),
      bytesSent: ending.bytesSent,
      bytesReceived: ending.bytesReceived,
      usageUnits: call.matched.route.cost,
      quantities,
      dimensions: '',
      clientIp: exchange.clientIp,
      requestId: exchange.requestId,
      count: 1,
    })
    this.#parts.meter.record(line, held)
    this.#open -= 1
    if (this.#open === 0) this.#allEnded?.()
  }

  upstreamFailed({ planned }: Limited, error: Error): void {
    this.#upstreamLog.failed(planned.call.matched.api.id, error)
  }

  refuse(limited: Limited, refusal: Refusal): void {
    const fields: string[] = []
    this.#addLimits(fields, limited)
    this.#answer(limited.planned.accepted.exchange, refusal, fields)
  }

  #addLimits(fields: string[], { planned, decision }: Limited): void {
    const { exchange } = planned.accepted
    const { counters, policy } = planned.call.limits
    fields.push('x-request-id', exchange.requestId)
    addRateHeaders(fields, counters, policy, decision, exchange.startMs)
  }

  /** Stages 2 and 3. */
  #plan(accepted: Accepted): Planned | Refusal {
    const { matched, exchange, head } = accepted
    const rules = this.#rules
    const caller =
      matched.route.auth === 'none'
        ? this.#anyone
        : this.#parts.authenticator.authenticate(head, rules, exchange.startMs)
    if (caller instanceof Refusal) return caller
    return { accepted, call: caller.planCall(matched, rules, exchange.startMs, this.#parts.periodOf) }
  }

  #gate(planned: Planned): Refusal | undefined {
    const { refusal, caller, matched } = planned.call
    if (refusal !== undefined) return refusal
    const { grant } = caller
    if (grant !== undefined && (grant.routes !== null || grant.ips !== null)) {
      const ip = planned.accepted.exchange.request.socket.remoteAddress ?? ''
      if (!keyAllows(grant, { routeId: matched.route.id, ip })) return KEY_NOT_ALLOWED
    }
    return this.#parts.meter.available ? undefined : METERING_UNAVAILABLE
  }

  #proceed(planned: Planned, limited: Limited | Refusal): void {
    if (limited instanceof Refusal) this.#refuseKnown(planned, limited)
    else this.#proxy(limited)
  }

  /** Stage 5; stage 6 follows through `ended`. */
  #proxy(limited: Limited): void {
    const { accepted, call } = limited.planned
    const { request } = accepted.exchange
    const hasBody =
      accepted.head.chunked ||
      (accepted.head.contentLength !== undefined && accepted.head.contentLength !== '0')
    const upstream = this.#parts.upstreams.of(call.matched.api)
    const passage = new Passage(limited, this)
    this.#open += 1
    if (hasBody && accepted.head.expectsContinue) accepted.exchange.response.writeContinue()
    upstream.pool.dispatch(
      {
        method: request.method ?? 'GET',
        path: upstream.basePath + accepted.target.pathAndQuery,
        headers: upstreamFields(limited, hasBody),
        body: hasBody ? new Upload(request) : null,
        upgrade: accepted.exchange.early === undefined ? null : 'websocket',
      },
      passage,
    )
  }

  #giveBack(call: CallPlan): void {
    const given = this.#parts.counters.giveBack(call.limits.counters)
    if (given instanceof Promise)
      given.catch((error) => this.#parts.alarm('giving a quota back failed', error))
  }

  /** A refusal of a known key: logged with its tenant, never billed, never held. */
  #refuseKnown(planned: Planned, refusal: Refusal): void {
    const { accepted, call } = planned
    const { exchange } = accepted
    this.#answer(exchange, refusal, this.#limitsNow(planned, refusal))
    this.#refusalLog.record(exchange, accepted.target.path, call, refusal)
  }

  /** A gate refuses before the limits are asked: say what is left, take nothing. */
  #limitsNow(planned: Planned, refusal: Refusal): string[] {
    const fields = ['x-request-id', planned.accepted.exchange.requestId]
    const { counters, policy } = planned.call.limits
    if (counters.length === 0 || refusal.headers.includes('RateLimit')) return fields
    const nowMs = planned.accepted.exchange.startMs
    const decision = this.#parts.counters.peek(counters, nowMs)
    // A table without room for the counters says nothing of them.
    const known = !(decision instanceof Promise) && decision.outcome !== 'full'
    if (known) addRateHeaders(fields, counters, policy, decision, nowMs)
    return fields
  }

  #answerOwn(endpoint: OwnEndpoint, exchange: Exchange): void {
    this.#own.answer(endpoint, exchange, this.#rules).then(
      (answer) => {
        if (answer instanceof Refusal) this.#answer(exchange, answer, undefined)
        else this.#parts.answerOwn(exchange, answer)
      },
      (error: unknown) => {
        this.#parts.alarm('reading the figures of a tenant failed', error)
        this.#answer(exchange, METERING_UNAVAILABLE, undefined)
      },
    )
  }

  #answer(exchange: Exchange, refusal: Refusal, fields: string[] | undefined): void {
    this.#parts.answer(exchange, refusal, fields ?? ['x-request-id', exchange.requestId])
  }
}

export interface PipelineParts {
  readonly rules: Rules
  readonly authenticator: Authenticator
  readonly counters: CounterStore
  readonly meter: MeterClient
  readonly upstreams: Upstreams
  readonly clock: Clock
  readonly periodOf: PeriodFinder
  /** Writes a problem to the client. */
  readonly answer: (exchange: Exchange, refusal: Refusal, fields: readonly string[]) => void
  /** Writes what gatez answers itself. */
  readonly answerOwn: (exchange: Exchange, answer: OwnAnswer) => void
  readonly billingPeriodAt: (atMs: number) => Period
  /** What the ledger holds of a tenant. */
  readonly figuresOf: (tenantId: string, period: Period) => Promise<UsageTotalsView>
  /** Something broke on the way of this request. */
  readonly fault: (exchange: Exchange, error: unknown) => void
  /** Something outside of gatez is wrong, which its operator should know. */
  readonly warn: (what: string, detail: string) => void
  /** Something broke that no request waits for. */
  readonly alarm: (what: string, error: unknown) => void
}

const KEY_NOT_ALLOWED = new Refusal(
  'key-not-allowed',
  'This key may not call this endpoint, or not from this address.',
)

const METERING_UNAVAILABLE = new Refusal(
  'metering-unavailable',
  'Calls cannot be counted at the moment, so none is let through.',
  { headers: ['Retry-After', '1'] },
)
