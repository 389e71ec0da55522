import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts'
import { isoTime } from '../lib/iso-time.ts'
import { isAdjustment } from '../model/adjustment.ts'
import { COUNTED_STATUSES, type Route, statusCounts } from '../model/api.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Meter } from '../model/meter.ts'
import { type Overrides, overridePlan } from '../model/overrides.ts'
import type { Plan, PlanVersion } from '../model/plan.ts'
import { type EventView, viewEvent } from './event-view.ts'
import { costOf, type LimitsThen, type LimitsThenParts, limitsThen } from './limits-then.ts'
import type { WholeCall } from './whole-calls.ts'

/** What explains calls: the log, and what held when they came. */
export interface ExplainParts extends LimitsThenParts {
  readonly routes: readonly Route[]
  readonly meters: readonly Meter[]
  /** In the order of the file. */
  readonly plansNow: readonly PlanVersion[]
  /** All versions of a plan, oldest first. */
  readonly versionsOf: (planId: string) => Promise<readonly PlanVersion[]>
  /** What the tenant has beside its plan today. */
  readonly overrides: Overrides | null
}

/** Why a call was answered and billed as it was; the names are stable. */
export interface Explanation {
  readonly call: EventView
  readonly verdict: 'billed' | 'not_billed' | 'refused'
  /** The reason, in a sentence. */
  readonly because: string
  /** The limit or quota that decided, or the route or feature that is missing; null when none did. */
  readonly rule: RuleView | null
  /** Every limit of the plan for this call, as it stood just before. */
  readonly limits: readonly LimitThenView[]
  /** When a call like it would have passed; null when waiting does not help. */
  readonly frees_at: string | null
  /** Plans of today on which it would have passed at that moment. */
  readonly plans_that_pass: readonly string[]
}

export interface RuleView {
  readonly kind: 'limit' | 'quota' | 'route' | 'feature' | 'other'
  readonly id: string
  /** The plan it belongs to; null when it is not a plan's. */
  readonly plan: string | null
}

export interface LimitThenView {
  readonly id: string
  readonly limit: number
  readonly used_before: number
  readonly cost: number
  readonly had_room: boolean
  readonly frees_at: string
}

/** Explains one call: which rule, whose, the state before it, when it frees, which plan would pass. */
export async function explainCall(
  parts: ExplainParts,
  call: UsageEvent,
  whole: WholeCall = { event: call, parts: 1, pieces: [call], unbilledBytes: 0 },
): Promise<Explanation> {
  const plan = await planThen(parts, call)
  const cost = call.outcome === 'refused' ? costOf(parts.routes, call.routeId) : call.usageUnits
  const then =
    plan === undefined || call.source !== 'gateway' ? undefined : await limitsThen(parts, call, plan, cost)
  const limits = then === undefined ? [] : limitViews(then)
  if (call.refusal === '' || call.outcome !== 'refused') {
    const billed = call.billable
    const because = `${whyBilled(parts, call)}${inParts(whole)}`
    const verdict = billed ? 'billed' : 'not_billed'
    return {
      call: viewEvent(call),
      verdict,
      because,
      rule: null,
      limits,
      frees_at: null,
      plans_that_pass: [],
    }
  }
  const limited = LIMITED.has(call.refusal)
  const rule = limited ? limitRule(call, plan, limits) : gateRule(parts, call, plan)
  return {
    call: viewEvent(call),
    verdict: 'refused',
    because: whyRefused(call, rule, limits),
    rule,
    limits,
    // When a call in flight ends, nobody knows before.
    frees_at: limited && call.refusal !== 'concurrency-limited' ? freesAt(limits) : null,
    plans_that_pass: await plansThatPass(parts, call, cost, atOnceOf(plan)),
  }
}

/** The limits of the version that was the newest then; prices may be those of an older one. */
async function planThen(parts: ExplainParts, call: UsageEvent): Promise<Plan | undefined> {
  if (call.planId === '') return undefined
  const versions = await parts.versionsOf(call.planId)
  const newest = versions.filter(({ createdAtMs }) => createdAtMs <= call.timestampMs).at(-1) ?? versions[0]
  return newest === undefined ? undefined : overridePlan(newest.plan, parts.overrides)
}

function limitViews({ counters, used, decision }: LimitsThen): readonly LimitThenView[] {
  return counters.map(({ id, amount, allowance, cost }, index) => ({
    id,
    limit: allowance,
    used_before: used[index] ?? 0,
    cost,
    had_room: (used[index] ?? 0) + cost <= amount,
    frees_at: isoTime(decision.resetAtMs[index] ?? 0),
  }))
}

/** The one without room that frees last; with calls of one millisecond in another order, the fullest. */
function limitRule(
  call: UsageEvent,
  plan: Plan | undefined,
  limits: readonly LimitThenView[],
): RuleView | null {
  const kind = call.refusal === 'quota-exceeded' ? 'quota' : 'limit'
  const ofKind =
    kind === 'quota'
      ? plan?.quotas
      : plan?.limits.filter(({ counts }) => {
          return (counts === 'concurrent') === (call.refusal === 'concurrency-limited')
        })
  const ids = new Set(ofKind?.map(({ id }) => id))
  const candidates = limits.filter(({ id }) => ids.has(id))
  const full = candidates
    .filter((limit) => !limit.had_room)
    .sort((one, other) => (one.frees_at < other.frees_at ? 1 : -1))
  const fullest = [...candidates].sort((one, other) => left(one) - left(other))
  const found = full[0] ?? fullest[0]
  return found === undefined ? null : { kind, id: found.id, plan: plan?.id ?? null }
}

function left({ limit, used_before, cost }: LimitThenView): number {
  return (limit - used_before) / cost
}

function gateRule({ routes }: ExplainParts, call: UsageEvent, plan: Plan | undefined): RuleView {
  const owner = plan?.id ?? null
  if (call.refusal === 'route-not-in-plan') return { kind: 'route', id: call.routeId, plan: owner }
  if (call.refusal !== 'feature-not-in-plan') return { kind: 'other', id: call.refusal, plan: null }
  const requires = routes.find(({ id }) => id === call.routeId)?.requires ?? []
  const missing = requires.find((feature) => plan?.features.includes(feature) !== true) ?? requires[0] ?? ''
  return { kind: 'feature', id: missing, plan: owner }
}

function whyRefused(call: UsageEvent, rule: RuleView | null, limits: readonly LimitThenView[]): string {
  const limit = limits.find(({ id }) => id === rule?.id)
  if (rule !== null && limit !== undefined) {
    if (call.refusal === 'concurrency-limited') return whyAtOnce(rule, limit)
    const takes = limit.cost === 1 ? 'this call' : `this call, which takes ${limit.cost},`
    return `The ${rule.kind} ${rule.id} of the plan ${rule.plan} had ${limit.used_before} of ${limit.limit} used before ${takes} came.`
  }
  if (rule?.kind === 'route') return `The plan ${rule.plan} does not open the route ${rule.id}.`
  if (rule?.kind === 'feature') {
    return `The route ${call.routeId} requires the feature ${rule.id}, which the plan ${rule.plan} does not have.`
  }
  const row = isCode(call.refusal) ? CATALOGUE[call.refusal] : undefined
  return row === undefined ? `It was refused: ${call.refusal}.` : `${row.title}. ${row.fix}`
}

/** Calls that are still under way when it is asked have no event yet: the log may know fewer than there were. */
function whyAtOnce({ id, plan }: RuleView, { limit, used_before: known }: LimitThenView): string {
  const lets = `The limit ${id} of the plan ${plan} lets ${limit} ${limit === 1 ? 'call' : 'calls'} run at a time`
  if (known >= limit)
    return `${lets}, and ${known} ${known === 1 ? 'was' : 'were'} under way when this call came.`
  return `${lets}, and so many were under way when this call came; of those ${known} ${known === 1 ? 'has' : 'have'} ended since.`
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(CATALOGUE, text)
}

/** What came in as an event or in a log never met a limit, nor an upstream of ours. */
function whyReported(call: UsageEvent): string {
  if (isAdjustment(call)) {
    const of = call.requestId.replace(/^void:/, '')
    return `It takes back event ${of}: what that counted is on no bill.`
  }
  const what = call.source === 'import' ? 'It was imported from a log' : 'It was reported as an event'
  if (call.billable) {
    const units = call.count === 0 ? '' : `: ${call.count} call, ${call.usageUnits} units`
    return `${what}, and counts${units}.`
  }
  if (call.source === 'import') return `${what}; calls that are answered so are not billed.`
  return `${what} with a test key: what those report is logged, and never billed.`
}

function whyBilled(parts: ExplainParts, call: UsageEvent): string {
  if (call.source !== 'gateway') return whyReported(call)
  const status = String(call.statusCode)
  if (call.billable) {
    const units = call.usageUnits === 1 ? '1 unit' : `${call.usageUnits} units`
    const gone = call.outcome === 'client_aborted' ? ', though the client left before the end' : ''
    return `The upstream answered ${status}, which counts${gone}: 1 call, ${units}.`
  }
  if (call.tenantId === '')
    return `The route ${call.routeId} is open to everyone: its calls are never billed.`
  if (call.refusal === 'billed-before')
    return 'An earlier call with the same Idempotency-Key, which broke off with gatez, is on the bill already.'
  if (call.outcome === 'upstream_error')
    return 'The upstream gave no answer: what failed there is not billed.'
  if (call.outcome === 'upstream_truncated')
    return 'The upstream broke its answer off: half an answer is not billed.'
  if (call.statusCode === 0) return 'The client left before there was an answer.'
  const counting = [COUNTED_STATUSES, ...parts.meters.map(({ countStatuses }) => countStatuses)]
  if (counting.some((ranges) => statusCounts(ranges, call.statusCode))) {
    return 'The key is a test key: its calls are limited and logged, and never billed.'
  }
  return `The upstream answered ${status}: only answers from 200 to 299 are billed.`
}

/** What there is to say of a call that took long. */
function inParts({ event, parts, unbilledBytes }: WholeCall): string {
  if (parts === 1 && event.outcome !== 'open') return ''
  const metered = ` It took long, and was metered in ${parts === 1 ? 'one part' : `${parts} parts`}.`
  if (event.outcome === 'open') return `${metered} It goes on, or gatez was killed meanwhile.`
  if (event.outcome !== 'upstream_truncated') return metered
  return `${metered} The upstream broke it off: the ${unbilledBytes} bytes since the last part are not billed.`
}

function freesAt(limits: readonly LimitThenView[]): string | null {
  const full = limits.filter((limit) => !limit.had_room)
  return (
    full
      .map((limit) => limit.frees_at)
      .sort()
      .at(-1) ?? null
  )
}

async function plansThatPass(
  parts: ExplainParts,
  call: UsageEvent,
  cost: number,
  reached: number,
): Promise<readonly string[]> {
  const route = parts.routes.find(({ id }) => id === call.routeId)
  if (route === undefined || !BY_PLAN.has(call.refusal)) return []
  const passing: string[] = []
  for (const { plan } of parts.plansNow) {
    const whole = overridePlan(plan, parts.overrides)
    const opens = whole.routes === 'all' || whole.routes.includes(route.id)
    if (!opens || !route.requires.every((feature) => whole.features.includes(feature))) continue
    // So many ran at least, even where the log does not know all of them yet.
    if (call.refusal === 'concurrency-limited' && atOnceOf(whole) <= reached) continue
    const { decision } = await limitsThen(parts, call, whole, cost)
    if (decision.outcome === 'admitted') passing.push(plan.id)
  }
  return passing
}

/** How many calls a plan lets run at a time. */
function atOnceOf(plan: Plan | undefined): number {
  const atOnce = plan?.limits.filter(({ counts }) => counts === 'concurrent') ?? []
  return Math.min(...atOnce.map(({ amount }) => amount ?? Number.POSITIVE_INFINITY))
}

const LIMITED: ReadonlySet<string> = new Set(['rate-limited', 'quota-exceeded', 'concurrency-limited'])

/** Refusals that another plan would not give. */
const BY_PLAN: ReadonlySet<string> = new Set([
  ...LIMITED,
  'route-not-in-plan',
  'feature-not-in-plan',
  'no-plan',
])
