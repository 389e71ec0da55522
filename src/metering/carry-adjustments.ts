import { ADJUSTMENTS } from '../model/adjustment.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

/**
 * Brings adjustments that the ledger has and the usage log does not have yet into the log.
 *
 * They were made in one transaction with the ledger; should a process end between the two stores, the next
 * one carries on here. As often as one likes.
 */
export async function carryAdjustments(
  store: Pick<ControlTables, 'adjustments'>,
  usageLog: UsageLog,
  nowMs: number,
): Promise<void> {
  for (const { event, atMs } of await store.adjustments.after(await usageLog.watermark(ADJUSTMENTS))) {
    await usageLog.append([event], { spooledFromMs: atMs, spooledToMs: atMs, shippedMs: nowMs })
  }
}
