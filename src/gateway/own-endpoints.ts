import type { IncomingMessage } from 'node:http'
import { isoTime } from '../lib/iso-time.ts'
import { countersOf } from '../limits/call-counters.ts'
import type { PeriodFinder } from '../limits/period-finder.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { Grant } from '../model/grant.ts'
import { keyAllows } from '../model/key-scope.ts'
import type { Period } from '../model/period.ts'
import type { Plan } from '../model/plan.ts'
import { type CounterStore, type Decision, leftOf } from '../storage/ports/counters.ts'
import { readHead } from './accept.ts'
import type { Clients } from './clients.ts'
import { EventEndpoint, type EventEndpointParts } from './event-endpoint.ts'
import type { Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'
import { hostName, type RequestHead } from './request-head.ts'
import type { Router } from './router.ts'
import { readTarget } from './target.ts'

/** What gatez answers itself on the gateway listener (design 10). */
export type OwnEndpoint = 'health' | 'usage' | 'events'

/** Where it does; null turns one off. */
export type OwnPaths = Readonly<Record<OwnEndpoint, string | null>>

/** What a caller learns, as JSON; a text is JSON already. */
export interface OwnAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> | string
}

/** Which of our endpoints a request target names; its query does not matter. */
export function ownEndpointAt(paths: OwnPaths, target: string): OwnEndpoint | undefined {
  if (names(paths.health, target)) return 'health'
  if (names(paths.usage, target)) return 'usage'
  return names(paths.events, target) ? 'events' : undefined
}

/** Whether a route takes a request on the path of events: they are sent with POST, all else may be an api's. */
export function isRouted(router: Router, { method = '', headers, url = '' }: IncomingMessage): boolean {
  const asked = method === 'OPTIONS' ? (headers['access-control-request-method'] ?? method) : method
  const target = asked === 'POST' ? undefined : readTarget(url)
  if (target === undefined) return false
  return 'route' in router.match(hostName(headers.host ?? ''), asked, target.path)
}

function names(path: string | null, target: string): boolean {
  if (path === null || !target.startsWith(path)) return false
  return target.length === path.length || target[path.length] === '?'
}

/** Answers for gatez itself: never passed on, never counted, never billed. */
export class OwnEndpoints {
  readonly #parts: OwnEndpointsParts
  readonly #events: EventEndpoint

  constructor(parts: OwnEndpointsParts) {
    this.#parts = parts
    this.#events = new EventEndpoint(parts)
  }

  /** undefined when the client left. Throws what keeps the figures from being read. */
  async answer(endpoint: OwnEndpoint, exchange: Exchange): Promise<OwnAnswer | Refusal | undefined> {
    const { method } = exchange.request
    const head = readHead(exchange, this.#parts.clients)
    if (head instanceof Refusal) return head
    if (endpoint === 'events') return await this.#events.answer(exchange, head)
    if (method !== 'GET' && method !== 'HEAD') return ONLY_GET
    return endpoint === 'health' ? this.#health() : await this.#usage(exchange, head)
  }

  /** 503 tells a load balancer to look elsewhere; without the shared counters calls are still taken. */
  #health(): OwnAnswer {
    if (this.#parts.isDraining()) return { status: 503, body: { status: 'draining' } }
    if (!this.#parts.canMeter()) return { status: 503, body: { status: 'metering-unavailable' } }
    if (this.#parts.counters.isAlone === true)
      return { status: 200, body: { status: 'ok', limits: 'degraded' } }
    return { status: 200, body: { status: 'ok' } }
  }

  /** The tenant of the key, its figures of this billing period, and what is left of its limits. */
  async #usage(exchange: Exchange, head: RequestHead): Promise<OwnAnswer | Refusal> {
    const { startMs } = exchange
    const caller = await this.#parts.authenticate(exchange, head)
    if (caller instanceof Refusal) return caller
    const { grant, plan } = caller
    if (grant === undefined) return NOBODY
    const { ip } = exchange.origin
    if (!keyAllows({ ...grant, routes: null }, { routeId: '', ip })) return NOT_FROM_HERE
    const period = this.#parts.billingPeriodAt(startMs, grant.anchorMs)
    const figures = await this.#parts.figuresOf(grant.tenantId, period)
    const left = plan === undefined ? NOTHING_LIMITED : await this.#left(plan.plan, grant, startMs)
    const body = {
      tenant_id: grant.tenantId,
      key_id: grant.keyId,
      plan: grant.planId,
      period: { from: isoTime(period.startMs), to: isoTime(period.endMs) },
      ...figures,
      ...left,
    }
    return { status: 200, body }
  }

  /** By the very counters that refuse: what is shown is what is enforced. Those of single routes are left out. */
  async #left(plan: Plan, grant: Grant, nowMs: number): Promise<Left> {
    const whole = { ...plan, limits: plan.limits.filter(({ scope }) => scope !== 'route') }
    const call = { tenantId: grant.tenantId, keyId: grant.keyId, routeId: '', cost: 1 }
    const counters = countersOf(whole, call, (cycle) => this.#parts.periodOf(cycle, nowMs, grant))
    if (counters.length === 0) return NOTHING_LIMITED
    const decision: Decision = await this.#parts.counters.peek(counters, nowMs)
    const limits: LimitLeft[] = []
    const quotas: LimitLeft[] = []
    for (const [index, counter] of counters.entries()) {
      const { kind, id, amount, allowance } = counter
      const remaining = decision.remaining[index] ?? 0
      const resetsAt = isoTime(decision.resetAtMs[index] ?? nowMs)
      const list = kind === 'quota' ? quotas : limits
      const used = amount - remaining
      list.push({ id, limit: allowance, used, remaining: leftOf(counter, remaining), resets_at: resetsAt })
    }
    return { limits, quotas }
  }
}

export interface OwnEndpointsParts extends EventEndpointParts {
  readonly clients: Clients
  readonly counters: CounterStore
  readonly periodOf: PeriodFinder
  readonly billingPeriodAt: (atMs: number, anchorMs: number | null) => Period
  readonly isDraining: () => boolean
  /** Whether events can be made durable now. */
  readonly canMeter: () => boolean
  /** What the ledger holds of a tenant; at most about a second old. */
  readonly figuresOf: (tenantId: string, period: Period) => Promise<UsageTotalsView>
}

interface Left {
  readonly limits: readonly LimitLeft[]
  readonly quotas: readonly LimitLeft[]
}

interface LimitLeft {
  readonly id: string
  readonly limit: number
  readonly used: number
  readonly remaining: number
  /** ISO 8601, UTC: when a used-up limit opens again. */
  readonly resets_at: string
}

const NOTHING_LIMITED: Left = { limits: [], quotas: [] }

const ONLY_GET = new Refusal('method-not-allowed', 'This is offered with GET only.', {
  headers: ['Allow', 'GET, HEAD'],
})

const NOBODY = new Refusal('missing-credential', 'The request carries no API key.')

const NOT_FROM_HERE = new Refusal('key-not-allowed', 'This key may not be used from this address.')
