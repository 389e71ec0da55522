import { diffPlans, type PlanDiff } from './access/diff-plans.ts'
import { findTenant } from './access/find-tenant.ts'
import { type App, openApp } from './app.ts'
import { processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import { remoteEvidence } from './control/remote.ts'
import { GatezError } from './errors/gatez-error.ts'
import { didYouMean } from './lib/closest.ts'
import { isoTime } from './lib/iso-time.ts'
import { blockedNow } from './limits/blocked-now.ts'
import { callsNamed } from './metering/calls-named.ts'
import { type Explanation, explainCall } from './metering/explain-call.ts'
import { parseStatusFilter, tailUsage } from './metering/tail-usage.ts'
import { parseBreakdownBy, type UsageLatency, usageLatency } from './metering/usage-latency.ts'
import { parseUsageQuery, type WrittenUsageQuery } from './metering/usage-query.ts'
import { type UsageRefusals, usageRefusals } from './metering/usage-refusals.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import { type HeldPlan, heldPlan } from './model/billing-calendar.ts'
import type { UsageEvent } from './model/event.ts'
import type { Plan } from './model/plan.ts'
import { makeCounterMemory, openCounters, openUsageLog } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'

/**
 * What commands need that look at single calls: the app, with the usage log opened beside it.
 *
 * Kept apart from the app, so that no other command waits for that store. Dispose it when done.
 */
export async function openEvidence(configFile: string): Promise<Evidence> {
  const remote = remoteFromEnvironment(processEnvironment(), configFile)
  if (remote !== undefined) return remoteEvidence(remote)
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  const usageLog = opened.use(await openUsageLog(app.config))
  const keep = opened.move()
  return { ...evidenceOn(app, usageLog), [Symbol.asyncDispose]: () => keep.disposeAsync() }
}

/** What looks at single calls. */
export interface Evidence extends AsyncDisposable {
  tailUsage(written: WrittenTail): AsyncIterable<readonly UsageEvent[]>
  diffPlans(plans: readonly Plan[]): Promise<PlansDiff>
  why(id: string, tenantId?: string): Promise<WhyAnswer>
  latency(written: WrittenLatency): Promise<UsageLatency>
  refusals(written: Omit<WrittenLatency, 'by'>): Promise<UsageRefusals>
}

/** The same on stores that are open. */
export function evidenceOn(
  app: Pick<App, 'config' | 'clock' | 'store'>,
  usageLog: UsageLog,
): Omit<Evidence, typeof Symbol.asyncDispose> {
  return {
    tailUsage: (written: WrittenTail) => followUsage(written),
    diffPlans: (plans: readonly Plan[]) => compare(plans),
    why: (id: string, tenantId?: string) => explain(id, tenantId),
    latency: (written: WrittenLatency) => latencyOf(app, usageLog, written),
    refusals: (written: Omit<WrittenLatency, 'by'>) => refusalsOf(app, usageLog, written),
  }

  async function compare(plans: readonly Plan[]): Promise<PlansDiff> {
    const { store, clock, config } = app
    const diffs = await diffPlans(store, plans, clock.nowMs())
    const parts = {
      ...{ store, usageLog, clock, billing: config.billing },
      routes: config.apis.flatMap((api) => api.routes),
      emptyCounters: () => openCounters(makeCounterMemory(config.gateway.countersMib)),
    }
    const before = await blockedNow(
      parts,
      (await store.plans.current()).map(({ plan }) => plan),
    )
    const known = new Map(before.map(({ tenantId, by }) => [tenantId, new Set(by)]))
    const blocked = (await blockedNow(parts, plans)).flatMap(({ tenantId, by }) => {
      const fresh = by.filter((id) => known.get(tenantId)?.has(id) !== true)
      return fresh.length === 0 ? [] : [{ tenant: tenantId, by: fresh }]
    })
    return { changed: diffs.some(({ change }) => change !== 'unchanged'), plans: diffs, blocked_now: blocked }
  }

  async function explain(id: string, ofTenant?: string): Promise<WhyAnswer> {
    const named = await callsNamed(usageLog, id)
    const calls = named.filter(({ event }) => ofTenant === undefined || event.tenantId === ofTenant)
    const whole = calls.at(-1) ?? refuseUnknown(id)
    const newest = whole.event
    const { config, store } = app
    const tenant = newest.tenantId === '' ? undefined : await store.tenants.find(newest.tenantId)
    const parts = {
      usageLog,
      billing: config.billing,
      held: await heldAt(store, newest),
      emptyCounters: () => openCounters(makeCounterMemory(1)),
      routes: config.apis.flatMap((api) => api.routes),
      meters: config.meters,
      plansNow: await store.plans.current(),
      versionsOf: (planId: string) => store.plans.versions(planId),
      overrides: tenant?.overrides ?? null,
    }
    const explanation = await explainCall(parts, newest, whole)
    const because = `${explanation.because}${await sinceThen(store, newest.id)}`
    return { ...explanation, because, others: calls.slice(0, -1).map(({ event }) => event.id) }
  }

  async function* followUsage(written: WrittenTail) {
    const { tenant, key, route, status } = written
    if (route !== undefined) refuseUnknownRoute(route)
    const tenantId = tenant === undefined ? undefined : (await findTenant(app.store, tenant)).id
    const statuses = status === undefined ? undefined : parseStatusFilter(status)
    yield* tailUsage({ usageLog }, { ...written, tenantId, keyId: key, routeId: route, statuses })
  }

  function refuseUnknownRoute(route: string): void {
    const ids = app.config.apis.flatMap((api) => api.routes.map(({ id }) => id))
    if (ids.includes(route)) return
    const hint = didYouMean(route, ids)
    const detail = `--route is ${JSON.stringify(route)}, which the file does not have${hint}: gatez routes list.`
    throw new GatezError('invalid-parameter', detail)
  }
}

async function heldAt({ subscriptions }: ControlStore, call: UsageEvent): Promise<HeldPlan> {
  const all = await subscriptions.list(call.tenantId)
  return heldPlan(all.find(({ id }) => id === call.subscriptionId))
}

/** What was done about a call later; empty for most. */
async function sinceThen(
  { adjustments }: Pick<ControlStore, 'adjustments'>,
  eventId: string,
): Promise<string> {
  const taken = await adjustments.ofEvent(eventId)
  return taken === undefined ? '' : ` It was taken back on ${isoTime(taken.atMs)}: ${taken.reason}`
}

/** What other plans would change, and for whom; the names are stable. */
export interface PlansDiff {
  readonly changed: boolean
  readonly plans: readonly PlanDiff[]
  /** Tenants that are not blocked now and would be, by what they have used so far. */
  readonly blocked_now: readonly { readonly tenant: string; readonly by: readonly string[] }[]
}

/** The explanation of a call, and the ids of earlier ones that had the same request id. */
export type WhyAnswer = Explanation & { readonly others: readonly string[] }

async function latencyOf(
  { config, clock, store }: Pick<App, 'config' | 'clock' | 'store'>,
  usageLog: UsageLog,
  { by, ...written }: WrittenLatency,
): Promise<UsageLatency> {
  const { timezone } = config.billing
  const asked = { nowMs: clock.nowMs(), timezone, by: [], meters: [], dimensions: [] }
  const { span, tenant } = parseUsageQuery(written, asked)
  const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
  return usageLatency(usageLog, { span, by: parseBreakdownBy(by), tenantId })
}

async function refusalsOf(
  { config, clock, store }: Pick<App, 'config' | 'clock' | 'store'>,
  usageLog: UsageLog,
  written: Omit<WrittenLatency, 'by'>,
): Promise<UsageRefusals> {
  const nowMs = clock.nowMs()
  const asked = { nowMs, timezone: config.billing.timezone, by: [], meters: [], dimensions: [] }
  const { span, tenant } = parseUsageQuery(written, asked)
  const isNamed = [written.month, written.from, written.to].some((each) => each !== undefined)
  const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
  const lastHour = { startMs: nowMs - HOUR_MS, endMs: nowMs + 1 }
  return usageRefusals(usageLog, { span: isNamed ? span : lastHour, tenantId })
}

const HOUR_MS = 3_600_000

function refuseUnknown(id: string): never {
  const hint = /^(?:key_|gz_)/.test(id)
    ? 'For a key, ask gatez keys show, or gatez keys verify.'
    : 'A call is there about a second after its answer. Of refusals in a flood only sums are kept, without their ids, and a 401 leaves no trace.'
  throw new GatezError('not-found', `No call has the request id or event id ${JSON.stringify(id)}. ${hint}`)
}

/** Which calls are asked about, and by what. */
export type WrittenLatency = Omit<WrittenUsageQuery, 'by' | 'meters' | 'tz'> & { readonly by: string }

/** Which calls to watch, as flags bring it. */
export interface WrittenTail {
  /** Id or external id. */
  readonly tenant?: string | undefined
  /** Id of a key. */
  readonly key?: string | undefined
  readonly route?: string | undefined
  /** As `4xx,500-504`. */
  readonly status?: string | undefined
  readonly last: number
  /** How many events before now are looked through for them. */
  readonly lookBack?: number | undefined
  readonly follow: boolean
  /** Of a call that is metered in parts only the first and the last. */
  readonly parts?: 'ends' | undefined
  readonly signal: AbortSignal
}
