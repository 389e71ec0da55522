import type { TakenEvent } from '../storage/ports/events.ts'
import type { EventFault } from './incoming-event.ts'

/** What came of one event. */
export type EventOutcome =
  /** It counts: since now, or since it came first. */
  | { readonly kind: 'counted'; readonly taken: TakenEvent; readonly isNew: boolean }
  /** No meter takes it: it is kept, and listed. */
  | { readonly kind: 'unmatched'; readonly tenantId: string; readonly isNew: boolean }
  | RefusedEvent

/** An event that does not count, and why. */
export type RefusedEvent = { readonly kind: 'refused' } & EventFault
