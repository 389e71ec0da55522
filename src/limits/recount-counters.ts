import { isAdjustment } from '../model/adjustment.ts'
import { heldPlan, quotaPeriodAt } from '../model/billing-calendar.ts'
import type { Plan } from '../model/plan.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { Recount } from '../storage/ports/shared-counters.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { isCounted, quotaCounter } from './call-counters.ts'
import { planHeld } from './plan-held.ts'
import { adjustedThrough } from './release-adjusted.ts'
import { type RestoreParts, restoreQuotas, restoreWindows } from './restore-counters.ts'

export interface RecountParts extends Omit<RestoreParts, 'counters' | 'store' | 'usageLog'> {
  readonly store: ControlStore
  readonly usageLog: UsageLog
}

/**
 * Counts again what shared counters lost: windows from the usage log, quotas from the ledger, both of all nodes.
 *
 * What was let through since the cut is left out: each node remembers that and counts it itself. Resolves
 * to whether that was of use: false when the counters were lost once more meanwhile.
 */
export async function recountCounters(
  parts: RecountParts,
  plans: readonly Plan[],
  recount: Recount,
): Promise<boolean> {
  const { store, usageLog, clock, billing } = parts
  const { counters, cutMs } = recount
  await restoreWindows({ ...parts, counters, usageLog: admittedBefore(usageLog, cutMs) }, plans)
  const adjustedSeq = await store.transaction(async (tables) => {
    await restoreQuotas({ store: tables, counters, clock, billing }, plans)
    return adjustedThrough(tables)
  })
  await takeOutSince(parts, plans, recount)
  await counters[Symbol.asyncDispose]()
  return await recount.finish(adjustedSeq)
}

function admittedBefore(usageLog: UsageLog, cutMs: number): Pick<UsageLog, 'admissions'> {
  return {
    async *admissions(fromMs, stepMs) {
      for await (const admission of usageLog.admissions(fromMs, stepMs)) {
        if (admission.timestampMs < cutMs) yield admission
      }
    },
  }
}

/** The ledger holds sums, so what came after the cut is taken out of them again. */
async function takeOutSince(
  { store, usageLog, clock, billing }: RecountParts,
  plans: readonly Plan[],
  { counters, cutMs }: Recount,
): Promise<void> {
  const used = new Map<string, Used>()
  for await (const event of usageLog.events({ fromMs: cutMs })) {
    if (!event.billable || event.source !== 'gateway' || isAdjustment(event)) continue
    const sum = used.get(event.tenantId) ?? { calls: 0, units: 0 }
    used.set(event.tenantId, { calls: sum.calls + event.count, units: sum.units + event.usageUnits })
  }
  const nowMs = clock.nowMs()
  for (const [tenantId, sums] of used) {
    const subscription = await store.subscriptions.activeAt(tenantId, nowMs)
    for (const quota of (await planHeld(store, plans, subscription))?.quotas ?? []) {
      const amount = quota.meter === 'units' ? sums.units : sums.calls
      if (!isCounted(quota) || amount <= 0) continue
      const period = quotaPeriodAt(billing, quota.per, nowMs, heldPlan(subscription))
      const call = { tenantId, keyId: '', routeId: '', cost: 1 }
      const counter = quotaCounter(quota, 1, call, () => period)
      await counters.restore(counter, nowMs, -amount)
    }
  }
}

interface Used {
  readonly calls: number
  readonly units: number
}
