/** Work that only one process may do at a time. */
export interface LeaseStore {
  /**
   * Takes the lease, or takes it again, up to `untilMs`.
   *
   * Undefined when it is ours now; else who has it. Inside a transaction, so that work done in it is done by one.
   */
  take(lease: Lease, nowMs: number): Promise<Lease | undefined>
  /** Ends it before its time, if `holder` has it. */
  release(name: string, holder: string): Promise<void>
}

export interface Lease {
  readonly name: string
  readonly holder: string
  readonly untilMs: number
}
