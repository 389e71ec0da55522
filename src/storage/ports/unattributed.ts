/** What was reported and could not be counted, kept with its body until it can be, or is looked into. */
export interface UnattributedStore {
  /** Adds what is new; of what is there already, notes that it came again. */
  put(events: readonly UnattributedEvent[]): Promise<void>
  /** Whether there is any. */
  any(): Promise<boolean>
  /** Those that have one of these names, whatever they say. */
  find(names: readonly UnattributedName[]): Promise<readonly UnattributedEvent[]>
  /** Takes these out: they count now. Conflicts stay. */
  resolve(events: readonly (UnattributedName & { readonly hash: string })[]): Promise<void>
  /** Oldest first, by when they came first; `after` is the last one of the page before. */
  list(filter: UnattributedFilter): Promise<readonly UnattributedEvent[]>
  /** How many there are of one tenant; counted no further than `max`. */
  countOf(tenant: string, max: number): Promise<number>
  /** How many there are, by reason. */
  count(): Promise<Readonly<Record<UnattributedReason, number>>>
}

export interface UnattributedName {
  /** As its sender wrote it, where no tenant is known by it. */
  readonly tenant: string
  readonly source: string
  readonly id: string
}

export interface UnattributedEvent extends UnattributedName {
  readonly reason: UnattributedReason
  readonly hash: string
  /** The event as `POST /v1/events` takes it, JSON. */
  readonly body: string
  /** How often it came. */
  readonly times: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

/** `idempotency-conflict`: another event has its id, and that one counts. */
export const UNATTRIBUTED_REASONS = ['unknown-tenant', 'no-meter', 'idempotency-conflict'] as const

export type UnattributedReason = (typeof UNATTRIBUTED_REASONS)[number]

export interface UnattributedFilter {
  readonly reason?: UnattributedReason | undefined
  readonly after?: UnattributedEvent | undefined
  readonly limit: number
}
