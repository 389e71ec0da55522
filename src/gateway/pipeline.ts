import { keyAllows } from '../model/key-scope.ts'
import { accept, PreflightAnswer } from './accept.ts'
import { CallMetering } from './call-metering.ts'
import { Caller, type CallPlan } from './call-plan.ts'
import { isCorsField } from './cors.ts'
import type { Ending, PassageListener } from './ending.ts'
import type { Accepted, Exchange, Limited, Planned } from './exchange.ts'
import { keptFields } from './kept-fields.ts'
import { LeakLog } from './leak-log.ts'
import { limit } from './limit.ts'
import type { Held } from './meter.ts'
import { FirstAnswer, OnceCalls } from './once-calls.ts'
import { type OwnEndpoint, OwnEndpoints, ownEndpointAt } from './own-endpoints.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { hasBody, refuseByPolicy } from './policy.ts'
import { Passage } from './proxy.ts'
import { Refusal } from './refusal.ts'
import { KEY_NOT_ALLOWED, METERING_UNAVAILABLE, OVERLOADED } from './refusals.ts'
import { Refuser } from './refuser.ts'
import type { RequestChecks } from './request-checks.ts'
import type { RequestHead } from './request-head.ts'
import { removeFields } from './response-head.ts'
import type { Rules } from './rules.ts'
import { UpstreamCall } from './upstream-call.ts'
import { UpstreamLog } from './upstream-log.ts'

/** The way of a request: accept → authenticate → plan → limit → proxy → meter. */
export class Pipeline implements PassageListener {
  readonly #parts: PipelineParts
  readonly #refuser: Refuser
  readonly #upstreamLog: UpstreamLog
  readonly #metering: CallMetering
  readonly #own: OwnEndpoints
  readonly #once: OnceCalls
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
    this.#refuser = new Refuser(parts)
    this.#upstreamLog = new UpstreamLog(parts.warn, parts.clock)
    this.#metering = new CallMetering({ ...parts, leakLog: new LeakLog(parts.warn, parts.clock) })
    this.#once = new OnceCalls(parts.keeper)
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
    this.#metering.replaceRules(rules)
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
    this.#once.startDraining()
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
    this.#refuser.flush(final)
  }

  pass(exchange: Exchange): void {
    const own = ownEndpointAt(this.#rules.ownPaths, exchange.request.url ?? '')
    if (own !== undefined) {
      this.#answerOwn(own, exchange)
      return
    }
    if (this.#parts.isOverloaded()) {
      this.#refuser.refuseAnyone(exchange, OVERLOADED)
      return
    }
    const accepted = accept(exchange, this.#rules.router, this.#parts.clients)
    if (accepted instanceof Refusal) {
      this.#refuser.refuseAnyone(exchange, accepted)
      return
    }
    if (accepted instanceof PreflightAnswer) {
      this.#parts.answerPreflight(exchange, accepted.fields)
      return
    }
    const ofRoute = refuseByPolicy(accepted) ?? this.#checks.checkHead(accepted)
    if (ofRoute !== undefined) {
      this.#refuser.refuseAnyone(exchange, ofRoute)
      return
    }
    const planned = this.#plan(accepted)
    if (planned instanceof Refusal) {
      this.#refuser.refuseAnyone(exchange, planned)
      return
    }
    const gate = this.#gate(planned)
    if (gate !== undefined) {
      this.#refuser.refuseKnown(planned, gate)
      return
    }
    if (this.#once.concerns(accepted)) this.#claim(planned)
    else this.#limit(planned)
  }

  #limit(planned: Planned): void {
    const { exchange } = planned.accepted
    const limited = limit(planned, this.#parts.counters, this.#rules, exchange.startMs)
    if (limited instanceof Promise) {
      limited.then(
        (settled) => this.#proceed(planned, settled),
        (error) => {
          exchange.once?.abandon()
          this.#parts.fault(exchange, error)
        },
      )
    } else this.#proceed(planned, limited)
  }

  addOwnFields(fields: string[], limited: Limited): void {
    const { call, accepted } = limited.planned
    if (call.matched.route.policy.cors !== null) {
      removeFields(fields, isCorsField)
      fields.push(...accepted.exchange.fields)
    }
    this.#refuser.addLimits(fields, limited)
    if (accepted.exchange.once !== undefined) fields.push('gatez-event-id', accepted.exchange.eventId)
    if (this.#draining) fields.push('Connection', 'close')
  }

  ended(limited: Limited, ending: Ending, held: Held | undefined): void {
    const { call } = limited.planned
    const billed = this.#metering.record(limited, ending, held)
    if (!billed && call.limits.hasQuota) this.#giveBack(call)
    if (call.limits.hasConcurrent) this.#release(call)
    this.#open -= 1
    if (this.#open === 0) this.#allEnded?.()
  }

  upstreamFailed({ planned }: Limited, error: Error): void {
    this.#upstreamLog.failed(planned.call.matched.api.id, error)
  }

  refuse(limited: Limited, refusal: Refusal): void {
    this.#refuser.refuseAdmitted(limited, refusal)
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
    if (limited instanceof Refusal) this.#refuser.refuseKnown(planned, limited)
    else if (this.#checks.wantsBody(planned.accepted)) this.#checkBody(limited)
    else this.#proxy(limited)
  }

  /** A call with an `Idempotency-Key`: the first one goes on, another gets what that was answered. */
  #claim(planned: Planned): void {
    const { exchange } = planned.accepted
    this.#once.begin(planned).then(
      (outcome) => {
        if (outcome instanceof Refusal) this.#refuser.refuseKnown(planned, outcome)
        else if (outcome instanceof FirstAnswer) {
          const limits = this.#refuser.limitsNow(planned)
          this.#parts.answerKept(exchange, keptFields(planned, outcome, limits), outcome.answer)
        } else {
          exchange.once = outcome
          this.#limit(planned)
        }
      },
      // Gone before its request was whole: nobody is left to answer.
      () => {},
    )
  }

  /** Refused after it was admitted: what it took is given back as far as anything is. */
  #checkBody(limited: Limited): void {
    const { accepted, call } = limited.planned
    const { exchange, head } = accepted
    if (head.expectsContinue && exchange.body === undefined) exchange.response.writeContinue()
    const giveBack = (): void => {
      exchange.once?.abandon()
      if (call.limits.hasQuota) this.#giveBack(call)
      if (call.limits.hasConcurrent) this.#release(call)
    }
    this.#checks.readBody(accepted).then(
      (body) => {
        if (body instanceof Refusal) {
          giveBack()
          this.#refuser.refuseKnown(limited.planned, body)
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
    const { accepted, call } = limited.planned
    const { body, response } = accepted.exchange
    const upstream = this.#parts.upstreams.of(call.matched.api)
    const passage = new Passage(
      limited,
      new UpstreamCall(limited, upstream, this.#parts.clock),
      this.#metering,
      this,
    )
    this.#metering.prepare(limited)
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

  #answerOwn(endpoint: OwnEndpoint, exchange: Exchange): void {
    this.#own.answer(endpoint, exchange).then(
      (answer) => {
        if (answer instanceof Refusal) this.#refuser.refuseAnyone(exchange, answer)
        else this.#parts.answerOwn(exchange, answer)
      },
      (error: unknown) => {
        this.#parts.alarm('reading the figures of a tenant failed', error)
        this.#refuser.refuseAnyone(exchange, METERING_UNAVAILABLE)
      },
    )
  }
}
