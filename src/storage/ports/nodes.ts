/** The nodes that ever wrote to this store. */
export interface NodeStore {
  /** Registers one more start of the node and returns its epoch: 1, 2, 3 … */
  startEpoch(nodeId: string, startedAtMs: number): Promise<number>
  list(): Promise<readonly NodeRow[]>
}

export interface NodeRow {
  readonly nodeId: string
  readonly epoch: number
  readonly startedAtMs: number
}
