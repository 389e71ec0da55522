import { countersOf } from '../limits/call-counters.ts'
import { isAdjustment } from '../model/adjustment.ts'
import type { Route } from '../model/api.ts'
import { type HeldPlan, type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { Counter, CounterStore, Decision } from '../storage/ports/counters.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

/** What is needed to ask the limits again as they stood at an earlier moment. */
export interface LimitsThenParts {
  readonly usageLog: UsageLog
  readonly billing: QuotaRules
  /** Since when the tenant had the plan of the call. */
  readonly held: HeldPlan
  /** Makes an empty store of counters, of the kind the gateway asks. */
  readonly emptyCounters: () => CounterStore
}

/** The counters of a call and how they decided. */
export interface LimitsThen {
  readonly counters: readonly Counter[]
  /** What was used of each before the call. */
  readonly used: readonly number[]
  readonly decision: Decision
}

/**
 * Asks the limits of `plan` for a call as they stood just before it.
 *
 * The tenant's calls before it are counted again from the usage log, into counters of the kind that the
 * gateway asks, so the answer is the gateway's. A call that was under way at that moment held its place
 * in a quota, whether it was billed later or not.
 */
export async function limitsThen(
  parts: LimitsThenParts,
  call: UsageEvent,
  plan: Plan,
  cost: number,
): Promise<LimitsThen> {
  const counters = countersFor(plan, call, cost, parts)
  if (counters.length === 0) return { counters, used: [], decision: NO_LIMITS }
  await using store = parts.emptyCounters()
  const used = new Map<string, number>(counters.map(({ name }) => [name, 0]))
  const beside = new Map<string, number>()
  const fromMs = Math.min(...counters.map((counter) => earliestMs(counter, call.timestampMs)))
  const filter = { tenantId: call.tenantId, fromMs, toMs: decidedByMs(call) + 1 }
  for await (const event of parts.usageLog.events(filter)) {
    if (event.id === call.id || event.outcome === 'refused' || isAdjustment(event)) continue
    const came = isBefore(event, call)
    for (const counter of countersFor(plan, event, event.usageUnits, parts, call.timestampMs)) {
      if (!used.has(counter.name) || !counts(counter, event, call.timestampMs)) continue
      if (counter.kind === 'concurrent')
        beside.set(counter.name, (beside.get(counter.name) ?? 0) + counter.cost)
      if (came) await store.restore(counter, event.timestampMs, counter.cost)
    }
  }
  const before = await store.peek(counters, call.timestampMs)
  for (const [index, { name, amount }] of counters.entries()) {
    const left = before.remaining[index] ?? 0
    used.set(name, Math.max(amount - left, Math.min(amount, beside.get(name) ?? 0)))
  }
  const decision = await store.take(counters, call.timestampMs)
  return { counters, used: counters.map(({ name }) => used.get(name) ?? 0), decision }
}

/** What a call of this route takes, by the file of today; a route that is gone takes 1. */
export function costOf(routes: readonly Route[], routeId: string): number {
  return routes.find(({ id }) => id === routeId)?.cost ?? 1
}

function countersFor(
  plan: Plan,
  event: UsageEvent,
  cost: number,
  { billing, held }: LimitsThenParts,
  atMs = event.timestampMs,
): readonly Counter[] {
  const { tenantId, keyId, routeId } = event
  return countersOf(plan, { tenantId, keyId, routeId, cost }, (cycle) =>
    quotaPeriodAt(billing, cycle, atMs, held),
  )
}

/** A call that began longer ago is not looked for among those in flight. */
const LONGEST_CALL_MS = 3_600_000

/** Since when calls count: a sixtieth more than the window, for limits counted in steps. */
function earliestMs(counter: Counter, atMs: number): number {
  if (counter.kind === 'quota') return counter.periodStartMs
  const spanMs = counter.kind === 'concurrent' ? LONGEST_CALL_MS : counter.windowMs
  return atMs - Math.ceil((spanMs * 61) / 60)
}

/** Windows count what was admitted, limits of concurrent calls what was under way; quotas what was billed, or was under way and might yet be. */
function counts(counter: Counter, event: UsageEvent, atMs: number): boolean {
  if (event.timestampMs < earliestMs(counter, atMs)) return false
  // A further part of a call that was counted with its first.
  if (event.count === 0 && counter.kind !== 'concurrent') return false
  if (counter.kind === 'log' || counter.kind === 'steps') return true
  return (event.billable && counter.kind === 'quota') || event.timestampMs + event.responseTimeMs > atMs
}

/**
 * When a refusal was decided at the latest, with a millisecond for what is cut off. A call on another thread that came
 * after it may have been let in before it: among those it found under way it counts as well.
 */
function decidedByMs(call: UsageEvent): number {
  return call.outcome === 'refused' ? call.timestampMs + call.responseTimeMs + 1 : call.timestampMs
}

/** Of two calls in one millisecond the one with the smaller id came first. */
function isBefore(event: UsageEvent, call: UsageEvent): boolean {
  if (event.timestampMs !== call.timestampMs) return event.timestampMs < call.timestampMs
  return event.id < call.id
}

const NO_LIMITS: Decision = { outcome: 'admitted', remaining: [], resetAtMs: [], violated: [] }
