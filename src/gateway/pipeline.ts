import { failPoint } from '../lib/fail-point.ts'
import { keyAllows } from '../model/key-scope.ts'
import { accept, PreflightAnswer } from './accept.ts'
import { callEvent } from './call-event.ts'
import { Caller, type CallPlan } from './call-plan.ts'
import { isCorsField } from './cors.ts'
import type { Ending, PassageListener } from './ending.ts'
import type { Accepted, Exchange, Limited, Planned } from './exchange.ts'
import { addRateHeaders } from './headers.ts'
import { limit } from './limit.ts'
import type { Held } from './meter.ts'
import { type OwnEndpoint, OwnEndpoints, ownEndpointAt } from './own-endpoints.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { hasBody, refuseByPolicy } from './policy.ts'
import { Passage } from './proxy.ts'
import { Refusal } from './refusal.ts'
import { RefusalLog } from './refusal-log.ts'
import type { RequestChecks } from './request-checks.ts'
import type { RequestHead } from './request-head.ts'
import { removeFields } from './response-head.ts'
import type { Rules } from './rules.ts'
import { UpstreamCall } from './upstream-call.ts'
import { UpstreamLog } from './upstream-log.ts'

/** The way of a request: accept → authenticate → plan → limit → proxy → meter. */
export class Pipeline implements PassageListener {
  readonly #parts: PipelineParts
  readonly #refusalLog: RefusalLog
  readonly #upstreamLog: UpstreamLog
  readonly #own: OwnEndpoints
  #rules: Rules
  #checks: RequestChecks
  #anyone: Caller
  #draining = false
  /** Calls at the upstream whose event is not handed over yet. */
  #open = 0
  #allEnded: (() => void) | undefined

  constructor(parts: PipelineParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#checks = parts.checks
    this.#anyone = new Caller(undefined, parts.rules)
    this.#refusalLog = new RefusalLog(parts.meter, parts.clock)
    this.#upstreamLog = new UpstreamLog(parts.warn, parts.clock)
    this.#own = new OwnEndpoints({
      ...parts,
      authenticate: (exchange, head) => this.#authenticate(exchange, head),
      isDraining: () => this.#draining,
      canMeter: () => parts.meter.available,
    })
  }

  /** Puts new rules in force, from the next request on; `checks` where the apis changed, too. */
  replaceRules(rules: Rules, checks = this.#checks): void {
    this.#rules = rules
    this.#checks = checks
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
    if (this.#parts.isOverloaded()) {
      this.#answer(exchange, OVERLOADED, undefined)
      return
    }
    const accepted = accept(exchange, this.#rules.router, this.#parts.clients)
    if (accepted instanceof Refusal) {
      this.#answer(exchange, accepted, undefined)
      return
    }
    if (accepted instanceof PreflightAnswer) {
      this.#parts.answerPreflight(exchange, accepted.fields)
      return
    }
    const ofRoute = refuseByPolicy(accepted) ?? this.#checks.checkHead(accepted)
    if (ofRoute !== undefined) {
      this.#answer(exchange, ofRoute, undefined)
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
    const { call, accepted } = limited.planned
    if (call.matched.route.policy.cors !== null) {
      removeFields(fields, isCorsField)
      fields.push(...accepted.exchange.fields)
    }
    this.#addLimits(fields, limited)
    if (this.#draining) fields.push('Connection', 'close')
  }

  ended(limited: Limited, ending: Ending, held: Held | undefined): void {
    const { call } = limited.planned
    const { line, billable } = callEvent(limited, ending, this.#rules.meters, this.#parts.clock)
    if (!billable && call.limits.hasQuota) this.#giveBack(call)
    if (call.limits.hasConcurrent) this.#release(call)
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
    const caller = matched.route.auth === 'none' ? this.#anyone : this.#authenticate(exchange, head)
    if (caller instanceof Refusal) return caller
    return { accepted, call: caller.planCall(matched, rules, exchange.startMs, this.#parts.periodOf) }
  }

  #authenticate(exchange: Exchange, head: RequestHead): Caller | Refusal {
    const { authenticator, clients } = this.#parts
    const caller = authenticator.authenticate(head, this.#rules, exchange.startMs)
    if (!(caller instanceof Refusal) || caller.code !== 'invalid-credential') return caller
    return clients.failedKey(exchange.origin.ip, exchange.startMs) ?? caller
  }

  #gate(planned: Planned): Refusal | undefined {
    const { refusal, caller, matched } = planned.call
    if (refusal !== undefined) return refusal
    const { grant } = caller
    if (grant !== undefined && (grant.routes !== null || grant.ips !== null)) {
      const { ip } = planned.accepted.exchange.origin
      if (!keyAllows(grant, { routeId: matched.route.id, ip })) return KEY_NOT_ALLOWED
    }
    return this.#parts.meter.available ? undefined : METERING_UNAVAILABLE
  }

  #proceed(planned: Planned, limited: Limited | Refusal): void {
    if (limited instanceof Refusal) this.#refuseKnown(planned, limited)
    else if (this.#checks.wantsBody(planned.accepted)) this.#checkBody(limited)
    else this.#proxy(limited)
  }

  /** Refused after it was admitted: what it took is given back as far as anything is. */
  #checkBody(limited: Limited): void {
    const { accepted, call } = limited.planned
    const { exchange, head } = accepted
    if (head.expectsContinue) exchange.response.writeContinue()
    const giveBack = (): void => {
      if (call.limits.hasQuota) this.#giveBack(call)
      if (call.limits.hasConcurrent) this.#release(call)
    }
    this.#checks.readBody(accepted).then(
      (body) => {
        if (body instanceof Refusal) {
          giveBack()
          this.#refuseKnown(limited.planned, body)
          return
        }
        exchange.body = body
        this.#proxy(limited)
      },
      // Gone before it was whole: nobody is left to answer.
      giveBack,
    )
  }

  /** Stage 5; stage 6 follows through `ended`. */
  #proxy(limited: Limited): void {
    failPoint('after-limit')
    const { accepted, call } = limited.planned
    const { body, response } = accepted.exchange
    const upstream = this.#parts.upstreams.of(call.matched.api)
    const passage = new Passage(limited, new UpstreamCall(limited, upstream, this.#parts.clock), this)
    this.#open += 1
    if (accepted.head.expectsContinue && body === undefined && hasBody(accepted.head))
      response.writeContinue()
    passage.begin()
  }

  #giveBack(call: CallPlan): void {
    const given = this.#parts.counters.giveBack(call.limits.counters)
    if (given instanceof Promise)
      given.catch((error) => this.#parts.alarm('giving a quota back failed', error))
  }

  #release(call: CallPlan): void {
    const released = this.#parts.counters.release(call.limits.counters)
    if (released instanceof Promise)
      released.catch((error) => this.#parts.alarm('freeing a place among calls in flight failed', error))
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
    this.#own.answer(endpoint, exchange).then(
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

const KEY_NOT_ALLOWED = new Refusal(
  'key-not-allowed',
  'This key may not call this endpoint, or not from this address.',
)

const OVERLOADED = new Refusal('overloaded', 'More calls arrive than can be answered in time.', {
  headers: ['Retry-After', '1'],
})

const METERING_UNAVAILABLE = new Refusal(
  'metering-unavailable',
  'Calls cannot be counted at the moment, so none is let through.',
  { headers: ['Retry-After', '1'] },
)
