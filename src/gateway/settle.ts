import type { CallPlan } from './call-plan.ts'
import type { PipelineParts } from './pipeline-parts.ts'

/**
 * A call that was let through is over: frees its place among those in flight, and gives quotas back unless
 * it is billed.
 *
 * Once for each call, however it ended. Windows count what was let through, so they keep it.
 */
export function settle(
  { counters, alarm }: Pick<PipelineParts, 'counters' | 'alarm'>,
  { limits }: CallPlan,
  billable: boolean,
): void {
  if (!billable && limits.hasQuota) {
    const given = counters.giveBack(limits.counters)
    if (given instanceof Promise) given.catch((error) => alarm('giving a quota back failed', error))
  }
  if (limits.hasConcurrent) {
    const freed = counters.release(limits.counters)
    if (freed instanceof Promise)
      freed.catch((error) => alarm('freeing a place among calls in flight failed', error))
  }
}
