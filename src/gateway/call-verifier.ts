import type { Clock } from '../lib/clock.ts'
import { countersOf } from '../limits/call-counters.ts'
import type { PeriodFinder } from '../limits/period-finder.ts'
import type { EventFields } from '../metering/event.ts'
import type { Api, Route } from '../model/api.ts'
import type { HeldPlan } from '../model/billing-calendar.ts'
import type { Grant } from '../model/grant.ts'
import { keyAllows } from '../model/key-scope.ts'
import type { Plan } from '../model/plan.ts'
import type { Counter, CounterStore, Decision } from '../storage/ports/counters.ts'
import type { Authenticator } from './authenticate.ts'
import type { Caller, CallPlan } from './call-plan.ts'
import { FieldList } from './field-writer.ts'
import { longestViolation, policyHeader, writeRateHeaders } from './headers.ts'
import { type CounterLeft, limitsLeft } from './limits-left.ts'
import type { MeterClient } from './meter.ts'
import { Refusal } from './refusal.ts'
import { RefusalLog } from './refusal-log.ts'
import { COUNTERS_AWAY, KEY_NOT_ALLOWED, METERING_UNAVAILABLE } from './refusals.ts'
import type { MatchedRoute } from './router.ts'
import type { Rules } from './rules.ts'
import { readTarget } from './target.ts'
import { tenantRefusal } from './tenant-refusal.ts'

/**
 * Judges a call that someone else lets through or not, as the gateway would: by the same key, plan, limits
 * and quotas, which it takes from; a call that may pass is metered before the answer.
 */
export class CallVerifier {
  readonly #parts: CallVerifierParts
  readonly #refusals: RefusalLog
  #rules: Rules

  constructor(parts: CallVerifierParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#refusals = new RefusalLog(parts.meter, parts.clock)
  }

  /** Puts new rules in force, from the next call on. */
  replaceRules(rules: Rules): void {
    this.#rules = rules
  }

  /** Drops what changes made stale. */
  forget(subjects: readonly string[]): void {
    this.#parts.authenticator.forget(subjects)
  }

  /** Sends out what was held back to be logged in sum; `final` before the thread ends. */
  flush(final = false): void {
    this.#refusals.flush(final)
  }

  /** What a tenant has left of the limits and quotas of its plan, but for those of single keys and routes. */
  left(tenantId: string, plan: Plan, held: HeldPlan): Promise<readonly CounterLeft[]> {
    return limitsLeft(this.#parts, { tenantId, plan, held, nowMs: this.#parts.clock.nowMs() })
  }

  async verify(asked: AskedCall): Promise<JudgedCall> {
    const nowMs = this.#parts.clock.nowMs()
    const matched = this.#match(asked)
    if (matched instanceof Refusal)
      return { code: 'NOT_FOUND', refusal: matched, fields: [], caller: undefined }
    const known = await this.#parts.authenticator.find(asked.secret, this.#rules, nowMs)
    if (known === undefined) return { code: 'NOT_FOUND', refusal: INVALID, fields: [], caller: undefined }
    const { grant, caller } = known
    const call = this.#plan(caller, grant, matched, nowMs)
    const start = this.#start(asked, nowMs)
    const gate = stateOf(grant, nowMs) ?? gateOf(grant, call, asked)
    if (gate !== undefined) return this.#refuse(start, call, gate.code, gate.refusal, [])
    if (!this.#parts.meter.available) return unavailable(METERING_UNAVAILABLE)
    return this.#admit(start, call, nowMs)
  }

  async #admit(start: StartedCall, call: CallPlan, nowMs: number): Promise<JudgedCall> {
    const { counters } = this.#parts
    const { limits } = call
    const isCounted = limits.counters.length > 0
    const decision = isCounted ? await counters.take(limits.counters, nowMs) : undefined
    if (decision?.outcome === 'full') return unavailable(NO_ROOM)
    if (decision?.outcome === 'away') return unavailable(COUNTERS_AWAY)
    const fields: string[] = []
    if (decision !== undefined) {
      writeRateHeaders(new FieldList(fields), limits.counters, limits.policy, decision, nowMs)
    }
    if (decision?.outcome === 'refused') {
      const { code, refusal } = exceeded(limits.counters, decision, nowMs)
      return this.#refuse(start, call, code, refusal, fields)
    }
    // When a call that went another way ends, nobody says: it only has to find a place.
    if (limits.hasConcurrent) await counters.release(limits.counters)
    if (call.matched.route.cost > 0) await this.#meter(start, call)
    return { code: 'VALID', refusal: undefined, fields, caller: call.caller }
  }

  #refuse(
    start: StartedCall,
    call: CallPlan,
    code: JudgedCode,
    refusal: Refusal,
    fields: readonly string[],
  ): JudgedCall {
    this.#refusals.record(start, start.endpoint, call, refusal)
    return { code, refusal, fields, caller: call.caller }
  }

  /** Resolves once the event is durable. */
  #meter(start: StartedCall, { caller, matched }: CallPlan): Promise<void> {
    const event: EventFields = {
      id: start.eventId,
      timestampMs: start.startMs,
      caller: caller.origin,
      apiId: matched.api.id,
      routeId: matched.route.id,
      method: start.request.method ?? '',
      endpoint: start.endpoint,
      statusCode: 200,
      outcome: 'ok',
      refusal: '',
      billable: caller.billed,
      responseTimeMs: Math.round(this.#parts.clock.monotonicMs() - start.startMonotonicMs),
      bytesSent: 0,
      bytesReceived: 0,
      usageUnits: matched.route.cost,
      quantities: '',
      dimensions: '',
      clientIp: '',
      requestId: start.requestId,
      count: 1,
    }
    return new Promise((resolve) => this.#parts.meter.record(event, { release: resolve }))
  }

  #start({ method, path, requestId }: AskedCall, startMs: number): StartedCall {
    const eventId = this.#parts.nextId()
    const endpoint = path === undefined ? '' : (readTarget(path)?.path ?? '')
    const startMonotonicMs = this.#parts.clock.monotonicMs()
    const isKept = requestId !== undefined && /^[A-Za-z0-9._:/+=@-]{1,128}$/.test(requestId)
    const base = { eventId, requestId: isKept ? requestId : eventId, startMs, startMonotonicMs }
    return { ...base, clientIp: '', request: { method }, endpoint }
  }

  /** The route by its id, or by method, path and host; one of its own where none is named. */
  #match({ route, method, path, host, cost }: AskedCall): MatchedRoute | Refusal {
    const all = this.#rules.router.all()
    if (route !== undefined)
      return all.find((matched) => matched.route.id === route) ?? noRoute(JSON.stringify(route))
    if (path === undefined) return unnamed(all[0], cost ?? 1)
    const target = readTarget(path)
    if (target === undefined) return noRoute('the path')
    const found = this.#rules.router.match(host ?? '', method ?? 'GET', target.path)
    return 'route' in found ? found : noRoute(target.path)
  }

  #plan(caller: Caller, grant: Grant, matched: MatchedRoute, nowMs: number): CallPlan {
    const { periodOf } = this.#parts
    if (matched.route.id !== '') return caller.planCall(matched, this.#rules, nowMs, periodOf)
    const { plan } = caller
    const refusal = tenantRefusal(grant.tenantState) ?? (plan === undefined ? NO_PLAN : undefined)
    const call = { tenantId: grant.tenantId, keyId: grant.keyId, routeId: '', cost: matched.route.cost }
    const isChecked = refusal !== undefined || plan === undefined || matched.route.cost === 0
    const counters = isChecked ? [] : countersOf(plan.plan, call, (cycle) => periodOf(cycle, nowMs, grant))
    const limits = {
      counters,
      hasQuota: counters.some(({ kind }) => kind === 'quota'),
      hasConcurrent: counters.some(({ kind }) => kind === 'concurrent'),
      policy: policyHeader(counters),
      validUntilMs: nowMs,
    }
    return { matched, caller, refusal, limits }
  }
}

export interface CallVerifierParts {
  readonly rules: Rules
  readonly authenticator: Authenticator
  readonly counters: CounterStore
  readonly meter: MeterClient
  readonly clock: Clock
  readonly periodOf: PeriodFinder
  /** Makes the id of an event. */
  readonly nextId: () => string
}

/** A call that someone asks about. */
export interface AskedCall {
  readonly secret: string
  /** Id of a route. */
  readonly route?: string | undefined
  /** Instead of a route: what the call goes to. */
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly host?: string | undefined
  /** The address it comes from. */
  readonly ip?: string | undefined
  /** Units it takes where no route says so; 0 only looks. */
  readonly cost?: number | undefined
  readonly requestId?: string | undefined
}

/** What a call is told, in the codes other systems know. */
export type JudgedCode =
  | 'VALID'
  | 'NOT_FOUND'
  | 'DISABLED'
  | 'EXPIRED'
  | 'RATE_LIMITED'
  | 'USAGE_EXCEEDED'
  | 'INSUFFICIENT_PERMISSIONS'
  | 'FORBIDDEN'

export interface JudgedCall {
  readonly code: JudgedCode
  /** What the gateway would have answered; undefined when it would let the call pass. */
  readonly refusal: Refusal | undefined
  /** Header fields that tell what is left: name, value … */
  readonly fields: readonly string[]
  /** undefined for a key nobody has. */
  readonly caller: Caller | undefined
}

interface StartedCall {
  readonly eventId: string
  readonly requestId: string
  readonly startMs: number
  readonly startMonotonicMs: number
  readonly clientIp: string
  readonly request: { readonly method?: string | undefined }
  readonly endpoint: string
}

interface Verdict {
  readonly code: JudgedCode
  readonly refusal: Refusal
}

function stateOf(grant: Grant, nowMs: number): Verdict | undefined {
  if (grant.keyState !== 'active') return { code: 'DISABLED', refusal: INVALID }
  const suspended = tenantRefusal(grant.tenantState)
  if (suspended !== undefined) return { code: 'DISABLED', refusal: suspended }
  const isOver = grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs
  return isOver ? { code: 'EXPIRED', refusal: INVALID } : undefined
}

function gateOf(grant: Grant, { refusal, matched }: CallPlan, { ip }: AskedCall): Verdict | undefined {
  if (refusal !== undefined) return { code: 'INSUFFICIENT_PERMISSIONS', refusal }
  const routeId = matched.route.id
  if (!keyAllows({ routes: null, ips: grant.ips }, { routeId, ip: ip ?? '' })) {
    return { code: 'FORBIDDEN', refusal: KEY_NOT_ALLOWED }
  }
  if (keyAllows({ routes: grant.routes, ips: null }, { routeId, ip: '' })) return undefined
  return { code: 'INSUFFICIENT_PERMISSIONS', refusal: KEY_NOT_ALLOWED }
}

function exceeded(counters: readonly Counter[], decision: Decision, nowMs: number): Verdict {
  const worst = longestViolation(decision)
  const counter = counters[worst]
  const isQuota = counter?.kind === 'quota'
  const resetsAt = new Date(decision.resetAtMs[worst] ?? nowMs).toISOString()
  const violated = decision.violated.map((index) => counters[index]?.id ?? '')
  const kind = isQuota ? 'quota' : 'limit'
  const refusal = new Refusal(
    isQuota ? 'quota-exceeded' : 'rate-limited',
    `The ${kind} ${counter?.id} of ${counter?.amount} is used up until ${resetsAt}.`,
    { extra: { resets_at: resetsAt, 'violated-policies': violated } },
  )
  return { code: isQuota ? 'USAGE_EXCEEDED' : 'RATE_LIMITED', refusal }
}

function unavailable(refusal: Refusal): JudgedCall {
  return { code: 'RATE_LIMITED', refusal, fields: refusal.headers, caller: undefined }
}

function noRoute(what: string): Refusal {
  return new Refusal('no-route', `No endpoint matches ${what}.`)
}

/** A route of no name: what a call counts by whose route nobody told. */
function unnamed(matched: { readonly api: Api; readonly route: Route } | undefined, cost: number) {
  if (matched === undefined) return noRoute('it')
  const { api, route } = matched
  return { api: { ...api, id: '' }, route: { ...route, id: '', cost, requires: [] } }
}

const INVALID = new Refusal('invalid-credential', 'The API key is mistyped, unknown, expired or revoked.')
const NO_PLAN = new Refusal('no-plan', 'The account this key belongs to has no plan.')
const NO_ROOM = new Refusal('limiter-unavailable', 'There is no room to count this call.', {
  headers: ['Retry-After', '1'],
})
