import type { ErrorCode } from '../errors/catalogue.ts'
import type { CounterStore, Decision } from '../storage/ports/counters.ts'
import type { CallPlan } from './call-plan.ts'
import type { Limited, Planned } from './exchange.ts'
import { FieldList } from './field-writer.ts'
import { longestViolation, writeRateHeaders } from './headers.ts'
import { Refusal } from './refusal.ts'
import { COUNTERS_AWAY } from './refusals.ts'
import type { Rules } from './rules.ts'

/** Stage 4: is there room in every limit and quota? Takes it, all or nothing. */
export function limit(
  planned: Planned,
  counters: CounterStore,
  rules: Rules,
  nowMs: number,
): Limited | Refusal | Promise<Limited | Refusal> {
  const { limits } = planned.call
  if (limits.counters.length === 0) return { planned, decision: NO_LIMITS }
  const decision = counters.take(limits.counters, nowMs)
  return decision instanceof Promise
    ? decision.then((settled) => judge(planned, settled, rules, nowMs))
    : judge(planned, decision, rules, nowMs)
}

function judge(planned: Planned, decision: Decision, rules: Rules, nowMs: number): Limited | Refusal {
  if (decision.outcome === 'admitted') return { planned, decision }
  if (decision.outcome === 'full') {
    return new Refusal('limiter-unavailable', 'There is no room to count this call.', {
      headers: ['Retry-After', '1'],
    })
  }
  if (decision.outcome === 'away') return COUNTERS_AWAY
  return exceeded(planned.call, decision, rules, nowMs)
}

function exceeded(call: CallPlan, decision: Decision, rules: Rules, nowMs: number): Refusal {
  const worst = longestViolation(decision)
  const { counters, policy } = call.limits
  const counter = counters[worst]
  const resetsAt = new Date(decision.resetAtMs[worst] ?? nowMs).toISOString()
  const headers: string[] = []
  writeRateHeaders(new FieldList(headers), counters, policy, decision, nowMs)
  const violated = decision.violated.map((index) => counters[index]?.id ?? '')
  const code: ErrorCode =
    counter?.kind === 'quota'
      ? 'quota-exceeded'
      : counter?.kind === 'concurrent'
        ? 'concurrency-limited'
        : 'rate-limited'
  const detail =
    code === 'concurrency-limited'
      ? `The limit ${counter?.id} of ${counter?.amount} calls at a time is used up.`
      : `The ${code === 'quota-exceeded' ? 'quota' : 'limit'} ${counter?.id} of ${counter?.amount} is used up until ${resetsAt}.`
  const planId = call.caller.grant?.planId ?? ''
  const upgradeTo = counter === undefined ? [] : rules.plansWithMore(planId, call.matched.route, counter)
  return new Refusal(code, detail, {
    extra: { plan: planId, resets_at: resetsAt, 'violated-policies': violated, upgrade_to: upgradeTo },
    headers,
  })
}

const NO_LIMITS: Decision = { outcome: 'admitted', remaining: [], resetAtMs: [], violated: [] }
