import type { Adjustment } from '../../model/adjustment.ts'

/** What was taken back, append-only. Its order is that of `event.seq`. */
export interface AdjustmentStore {
  /** Throws when the event was taken back before: look first, in the same transaction. */
  insert(adjustment: Adjustment): Promise<void>
  /** The adjustment that took back this event. */
  ofEvent(eventId: string): Promise<Adjustment | undefined>
  /** Those after a position, oldest first. */
  after(seq: number): Promise<readonly Adjustment[]>
}
