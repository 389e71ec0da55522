/** The nodes that ever wrote to this store. */
export interface NodeStore {
  /**
   * Registers one more start of the node and returns its epoch: 1, 2, 3 …, and above `knownEpoch`.
   *
   * A control store that was put back from a copy would else give an epoch a second time.
   */
  startEpoch(nodeId: string, startedAtMs: number, knownEpoch?: number): Promise<number>
  list(): Promise<readonly NodeRow[]>
}

export interface NodeRow {
  readonly nodeId: string
  readonly epoch: number
  readonly startedAtMs: number
}
