import type { Config } from './config/config.ts'
import type { Clock } from './lib/clock.ts'
import { systemClock } from './lib/clock.ts'
import { AloneLog } from './limits/alone-log.ts'
import type { AloneCalls } from './limits/alone-tally.ts'
import { CarriedUse } from './limits/carried-use.ts'
import { CounterUpkeep } from './limits/counter-upkeep.ts'
import { AdjustedQuotas, adjustedThrough } from './limits/release-adjusted.ts'
import { restoreQuotas, restoreWindows } from './limits/restore-counters.ts'
import type { CountedRules } from './limits/wanted-counters.ts'
import type { QuotaRules } from './model/billing-calendar.ts'
import type { Plan } from './model/plan.ts'
import { makeCounterMemory, openCounters, openCounterTrust, openLocalCounters } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { CounterTrust } from './storage/ports/shared-counters.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'
import { describeError, type Log } from './telemetry/log.ts'
import { QuietFailures } from './telemetry/quiet-failures.ts'

/**
 * Counts limits and quotas again as they were, here and, where counters that nodes share lost them, there; and
 * keeps an eye on those from then on.
 */
export async function startCounters(
  parts: CountersStartParts,
  undo: AsyncDisposableStack,
): Promise<ServingCounters> {
  const { config, clock, log, store, nodeId } = parts
  const memory = makeCounterMemory(config.gateway.countersMib)
  const trust = openCounterTrust(config, clock, clock.nowMs() - systemClock.nowMs())
  const failures = new QuietFailures(log)
  let billing: QuotaRules = config.billing
  const rules = async (): Promise<CountedRules> => ({ plans: await parts.plans(), billing })
  const adjusted = await countAgain(parts, memory, { trust, rules })
  if (trust !== undefined) {
    const upkeep = await CounterUpkeep.start({
      ...{ store, usageLog: parts.usageLog, clock, trust, rules },
      onRecounted: (tookMs) =>
        log.warn({ took_ms: Math.round(tookMs) }, 'the shared counters were counted again'),
      onError: (error) =>
        failures.error(describeError(error), 'counting the shared counters again failed, will retry'),
    })
    undo.defer(() => upkeep.stop())
  }
  // It tells the shared counters over the connection of the upkeep, so it ends before that.
  const carried = await CarriedUse.start(
    {
      ...{ store, usageLog: parts.usageLog, clock, shared: trust, adjusted },
      counters: openLocalCounters(memory),
      onError: (error) =>
        failures.error(describeError(error), 'carrying over what was used failed, will retry'),
    },
    await rules(),
  )
  undo.defer(() => carried.stop())
  const replaceRules = (next: CountedRules) => {
    billing = next.billing
    return carried.replaceRules(next)
  }
  const serving = { memory, adjusted, carried, replaceRules }
  if (trust === undefined) return { ...serving, onAlone: () => {} }
  const alone = new AloneLog({
    ...{ audit: store.audit, nodeId, nowMs: () => clock.nowMs() },
    onError: (error) =>
      failures.error(describeError(error), 'what was decided alone cannot be written down, will retry'),
  })
  undo.defer(() => alone.stop())
  return { ...serving, onAlone: (calls) => alone.add(calls) }
}

export interface CountersStartParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly nodeId: string
  readonly plans: () => Promise<readonly Plan[]>
}

/** The counters of a gateway that runs. */
export interface ServingCounters {
  /** Those of this process, for all its threads. */
  readonly memory: SharedArrayBuffer
  /** Gives back to quotas what is adjusted from now on. */
  readonly adjusted: AdjustedQuotas
  /** Carries what was used over into counters that a change brings. */
  readonly carried: CarriedUse
  /** Counts by what the file says now. Resolves when that may be in force: soon, also when a store is away. */
  readonly replaceRules: (rules: CountedRules) => Promise<void>
  /** Writes down which calls were decided without the shared ones. */
  readonly onAlone: (calls: readonly AloneCalls[]) => void
}

/** Counts windows and quotas of this process as they were. */
async function countAgain(
  { config, clock, store, usageLog, plans }: CountersStartParts,
  memory: SharedArrayBuffer,
  { trust, rules }: { readonly trust: CounterTrust | undefined; readonly rules: () => Promise<CountedRules> },
): Promise<AdjustedQuotas> {
  const { billing } = config
  const counters = openCounters(memory)
  const known = await plans()
  await restoreWindows({ store, usageLog, counters, clock, billing }, known)
  // In one transaction: what is adjusted meanwhile is either in the sums or among what comes later.
  const adjustedSeq = await store.transaction(async (tables) => {
    await restoreQuotas({ store: tables, counters, clock, billing }, known)
    return adjustedThrough(tables)
  })
  const release = { store, counters, shared: trust, nowMs: () => clock.nowMs(), rules }
  return new AdjustedQuotas(release, adjustedSeq)
}
