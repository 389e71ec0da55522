/** The nodes that ever wrote to this store. */
export interface NodeStore {
  /**
   * Registers one more start of the node and returns its epoch: 1, 2, 3 …, and above `knownEpoch`.
   *
   * A control store that was put back from a copy would else give an epoch a second time.
   */
  startEpoch(nodeId: string, startedAtMs: number, knownEpoch?: number): Promise<number>
  /** All that was durable on the node at this moment is in the ledger. */
  shipped(nodeId: string, atMs: number): Promise<void>
  /** The node ended, and left nothing behind. Its next start takes that back. */
  stopped(nodeId: string, atMs: number): Promise<void>
  list(): Promise<readonly NodeRow[]>
}

export interface NodeRow {
  readonly nodeId: string
  readonly epoch: number
  readonly startedAtMs: number
  /** Up to when all of its events are in the ledger; null while it never said. */
  readonly shippedAtMs: number | null
  /** When it ended with nothing left behind; null while it runs, or was killed. */
  readonly stoppedAtMs: number | null
}
