import { failPoint } from '../lib/fail-point.ts'
import { accept, PreflightAnswer } from './accept.ts'
import { CallMetering } from './call-metering.ts'
import { Caller } from './call-plan.ts'
import { Credentials } from './credentials.ts'
import { type Ending, leftAfter, type PassageListener } from './ending.ts'
import type { Accepted, Exchange, Limited, Planned } from './exchange.ts'
import { keptFields } from './kept-fields.ts'
import { LeakLog } from './leak-log.ts'
import { limit } from './limit.ts'
import type { Held } from './meter.ts'
import { FirstAnswer, OnceCalls } from './once-calls.ts'
import { isRouted, type OwnEndpoint, OwnEndpoints, ownEndpointAt } from './own-endpoints.ts'
import { OwnFields } from './own-fields.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { refuseByPolicy, refuseKey, refuseLength } from './policy.ts'
import { Passage } from './proxy.ts'
import { BrokenOff } from './read-body.ts'
import { Refusal } from './refusal.ts'
import { METERING_UNAVAILABLE, OVERLOADED } from './refusals.ts'
import { Refuser } from './refuser.ts'
import type { RequestChecks } from './request-checks.ts'
import type { Rules } from './rules.ts'
import { settle } from './settle.ts'
import { Traffic } from './traffic.ts'
import { UpstreamCall } from './upstream-call.ts'
import { UpstreamLog } from './upstream-log.ts'

/** The way of a request: accept → authenticate → plan → limit → proxy → meter. */
export class Pipeline implements PassageListener {
  readonly traffic = new Traffic()
  readonly ownFields: OwnFields
  readonly #parts: PipelineParts
  readonly #refuser: Refuser
  readonly #upstreamLog: UpstreamLog
  readonly #metering: CallMetering
  readonly #own: OwnEndpoints
  readonly #credentials: Credentials
  readonly #once: OnceCalls
  #rules: Rules
  #checks: RequestChecks
  #anyone: Caller
  #draining = false
  /** Calls that were let through and whose event is not handed over yet. */
  #open = 0
  #allEnded: (() => void) | undefined

  constructor(parts: PipelineParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#checks = parts.checks
    this.#anyone = new Caller(undefined, parts.rules)
    this.#refuser = new Refuser(parts)
    this.ownFields = new OwnFields(this.#refuser, () => this.#draining)
    this.#upstreamLog = new UpstreamLog(parts.warn, parts.clock)
    this.#credentials = new Credentials(parts)
    this.#metering = new CallMetering({ ...parts, leakLog: new LeakLog(parts.warn, parts.clock) })
    this.#once = new OnceCalls(parts.keeper, this.traffic.turns)
    this.#own = new OwnEndpoints({
      ...parts,
      turns: this.traffic.turns,
      authenticate: (exchange, head) => this.#credentials.key(exchange, head, this.#rules),
      authenticateToken: (exchange, secret) => this.#credentials.token(exchange, secret),
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
    this.#credentials.forget(subjects)
  }

  /** From now on an answer tells its client that the connection ends with it; no call lasts beyond `graceMs`. */
  startDraining(graceMs: number): void {
    this.#draining = true
    this.#once.startDraining(graceMs)
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
    if (own !== undefined && !(own === 'events' && isRouted(this.#rules.router, exchange.request))) {
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
    const ofRoute = refuseByPolicy(accepted)
    if (ofRoute !== undefined) {
      this.#refuser.refuseAnyone(exchange, ofRoute)
      return
    }
    const rules = this.#rules
    const caller = this.#authenticate(accepted, rules)
    if (caller instanceof Promise) {
      caller
        // Who left while the store was asked wants nothing any more.
        .then((settled) => exchange.response.destroyed || this.#admit(accepted, settled, rules))
        .catch((error: unknown) => this.#parts.fault(exchange, error))
    } else this.#admit(accepted, caller, rules)
  }

  /** Stages 3 and 4, for who is known by now. */
  #admit(accepted: Accepted, caller: Caller | Refusal, rules: Rules): void {
    const { exchange, matched } = accepted
    if (caller instanceof Refusal) {
      this.#refuser.refuseAnyone(exchange, caller)
      return
    }
    const call = caller.planCall(matched, rules, exchange.startMs, this.#parts.periodOf)
    const planned: Planned = { accepted, call }
    // What a request holds is looked into only for those who may send it.
    const refusal = this.#gate(planned) ?? refuseLength(accepted) ?? this.#checks.checkHead(accepted)
    if (refusal !== undefined) {
      this.#refuser.refuseKnown(planned, refusal)
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

  ended(limited: Limited, ending: Ending, held: Held | undefined): void {
    this.#parts.watch.ended(limited, ending)
    const billed = this.#metering.record(limited, ending, held)
    settle(this.#parts, limited.planned.call, billed)
    this.#close()
  }

  upstreamFailed({ planned }: Limited, url: string, error: Error): void {
    this.#upstreamLog.failed({ apiId: planned.call.matched.api.id, url, error })
  }

  refuse(limited: Limited, refusal: Refusal): void {
    this.#refuser.refuseAdmitted(limited, refusal)
  }

  /** Stage 2. */
  #authenticate(
    { matched, exchange, head }: Accepted,
    rules: Rules,
  ): Caller | Refusal | Promise<Caller | Refusal> {
    return matched.route.auth === 'none' ? this.#anyone : this.#credentials.key(exchange, head, rules)
  }

  #gate(planned: Planned): Refusal | undefined {
    return refuseKey(planned) ?? (this.#parts.meter.available ? undefined : METERING_UNAVAILABLE)
  }

  #proceed(planned: Planned, limited: Limited | Refusal): void {
    if (limited instanceof Refusal) {
      this.#refuser.refuseKnown(planned, limited)
      return
    }
    this.#open += 1
    this.#parts.watch.open(this.#open)
    if (this.#checks.wantsBody(planned.accepted)) this.#checkBody(limited)
    else this.#proxy(limited)
  }

  async #answerKept(planned: Planned, kept: FirstAnswer): Promise<void> {
    const limits = await this.#refuser.limitsNow(planned)
    this.#parts.answerKept(planned.accepted.exchange, keptFields(planned, kept, limits), kept.answer)
  }

  /** A call with an `Idempotency-Key`: the first one goes on, another gets what that was answered. */
  #claim(planned: Planned): void {
    const { exchange } = planned.accepted
    this.#once.begin(planned).then(
      (outcome) => {
        // Gone before its request was whole: nobody is left to answer, and nothing was taken.
        if (outcome instanceof BrokenOff) return
        if (outcome instanceof Refusal) this.#refuser.refuseKnown(planned, outcome)
        else if (outcome instanceof FirstAnswer) {
          void this.#answerKept(planned, outcome)
        } else {
          exchange.once = outcome
          this.#limit(planned)
        }
      },
      (error: unknown) => this.#parts.fault(exchange, error),
    )
  }

  /** Refused after it was admitted: what it took is given back as far as anything is. */
  #checkBody(limited: Limited): void {
    const { accepted, call } = limited.planned
    const { exchange, head } = accepted
    const refuse = (refusal: Refusal): void => {
      settle(this.#parts, call, false)
      this.#refuser.refuseKnown(limited.planned, refusal)
      this.#close()
    }
    const proceed = (body: Buffer | Refusal | BrokenOff): void => {
      if (body instanceof Refusal) refuse(body)
      else if (body instanceof BrokenOff) this.ended(limited, leftAfter(body.bytes), undefined)
      else {
        exchange.body = body
        this.#proxy(limited)
      }
    }
    if (head.expectsContinue && exchange.body === undefined) exchange.response.writeContinue()
    const checked = this.#checks.readBody(accepted, this.traffic.turns).catch((error: unknown) => {
      this.#parts.alarm('checking a request failed', error)
      return INTERNAL
    })
    checked.then(proceed).catch((error: unknown) => this.#parts.fault(exchange, error))
  }

  /** Stage 5; stage 6 follows through `ended`. */
  #proxy(limited: Limited): void {
    failPoint('after-limit')
    this.#parts.watch.begins(limited.planned.accepted)
    const upstream = this.#parts.upstreams.of(limited.planned.call.matched.api)
    const call = new UpstreamCall(limited, upstream, this.#parts.clock, this.traffic.turns)
    const passage = new Passage(limited, call, this.#metering, this)
    this.#metering.prepare(limited)
    passage.begin()
  }

  /** Its event is handed over. */
  #close(): void {
    this.#open -= 1
    this.#parts.watch.open(this.#open)
    if (this.#open === 0) this.#allEnded?.()
  }

  #answerOwn(endpoint: OwnEndpoint, exchange: Exchange): void {
    this.#own.answer(endpoint, exchange).then(
      (answer) => {
        if (answer instanceof Refusal) this.#refuser.refuseAnyone(exchange, answer)
        else if (answer !== undefined) this.#parts.answerOwn(exchange, answer)
      },
      (error: unknown) => {
        this.#parts.alarm('reading the figures of a tenant failed', error)
        this.#refuser.refuseAnyone(exchange, METERING_UNAVAILABLE)
      },
    )
  }
}

const INTERNAL = new Refusal('internal', 'The request could not be completed.')
