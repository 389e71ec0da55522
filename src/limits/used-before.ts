import { setImmediate as otherWork } from 'node:timers/promises'
import { heldPlan, type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import { type Counter, STEPS_PER_WINDOW } from '../storage/ports/counters.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { quotaCounter } from './call-counters.ts'
import { type QuotaStores, quotaUsed, UseByTenant } from './quota-used.ts'
import { WindowCounters } from './restore-counters.ts'
import type { WantedCounters } from './wanted-counters.ts'
import { stepAt } from './window.ts'

/** What a counter has to have counted at least: so much at these moments, the oldest first. */
export interface UsedBefore {
  readonly counter: Counter
  readonly moments: Moment[]
}

type Moment = readonly [atMs: number, amount: number]

/** More tenants than this are read by one sum over all. */
const TENANTS_ALONE_MAX = 20
/** Admissions looked at in one go: the thread that reads them also answers calls. */
const ADMISSIONS_AT_ONCE = 1_000
/** And in all: windows that hold more begin with what was found so far, and are whole once they have gone by. */
const ADMISSIONS_MAX = 100_000

/** What was used of quotas in the periods that hold now, by the ledger. */
export async function quotasUsedBefore(
  {
    store,
    billing,
    nowMs,
  }: { readonly store: QuotaStores; readonly billing: QuotaRules; readonly nowMs: number },
  wanted: readonly WantedCounters[],
): Promise<readonly UsedBefore[]> {
  const all = new UseByTenant(store)
  const found: UsedBefore[] = []
  for (const { subscription, quotas } of wanted) {
    const { tenantId } = subscription
    for (const quota of quotas) {
      const period = quotaPeriodAt(billing, quota.per, nowMs, heldPlan(subscription))
      const meter = quota.meter === 'units' ? 'units' : 'calls'
      const asked = { tenantId, meter, period } as const
      const used = wanted.length > TENANTS_ALONE_MAX ? await all.of(asked) : await quotaUsed(store, asked)
      const call = { tenantId, keyId: '', routeId: '', cost: 1 }
      const counter = quotaCounter(quota, 1, call, () => period)
      if (used > 0) found.push({ counter, moments: [[nowMs, used]] })
    }
  }
  return found
}

/** What was let through in the windows that hold now, by the usage log; not all of it where that is very much. */
export async function windowsUsedBefore(
  usageLog: Pick<UsageLog, 'admissions'>,
  wanted: readonly WantedCounters[],
  nowMs: number,
): Promise<readonly UsedBefore[]> {
  const limitsOf = new Map(wanted.map(({ subscription, limits }) => [subscription.tenantId, limits]))
  const longestMs = Math.max(0, ...wanted.flatMap(({ limits }) => limits.map(({ windowMs }) => windowMs)))
  if (longestMs === 0) return []
  const counters = new WindowCounters()
  const found = new Map<string, UsedBefore>()
  let seen = 0
  for await (const admission of usageLog.admissions(nowMs - longestMs, 1)) {
    seen += 1
    if (seen > ADMISSIONS_MAX) break
    if (seen % ADMISSIONS_AT_ONCE === 0) await otherWork()
    const { timestampMs } = admission
    for (const limit of limitsOf.get(admission.tenantId) ?? []) {
      const amount = limit.counts === 'units' ? admission.units : admission.requests
      const counter = counters.of(limit, admission)
      if (counter === undefined || amount <= 0 || timestampMs <= nowMs - limit.windowMs) continue
      // Calls by many keys and routes are counted under one name.
      const { moments } = found.get(counter.name) ?? { moments: [] }
      found.set(counter.name, { counter, moments: keep(counter, moments, [timestampMs, amount]) })
    }
  }
  return [...found.values()]
}

/** One more moment, and no more of them than decide: of a step one, else as many as the limit lets through. */
function keep(counter: Counter, moments: Moment[], moment: Moment): Moment[] {
  const [atMs, amount] = moment
  const last = moments.at(-1)
  const { kind, windowMs } = counter
  if (kind === 'steps' && last !== undefined && stepAt(last[0], windowMs) === stepAt(atMs, windowMs))
    moments[moments.length - 1] = [last[0], last[1] + amount]
  else moments.push(moment)
  return moments.length > 2 * Math.max(counter.amount, STEPS_PER_WINDOW)
    ? moments.slice(-counter.amount)
    : moments
}
