import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'

/** How often a node says how far it is: often enough that nobody waits long for its word. */
const SAY_EVERY_MS = 5_000

/**
 * Tells the other nodes up to when all events of this one are in the ledger: no period is closed before all have said so.
 *
 * Where no other node can be, nothing is written.
 */
export class NodeWord {
  readonly #parts: NodeWordParts
  #saidMs = Number.NEGATIVE_INFINITY
  #shipping = false

  constructor(parts: NodeWordParts) {
    this.#parts = parts
  }

  /** Ships, and says so if it is time. */
  async after<Result>(ship: () => Promise<Result>): Promise<Result> {
    const { store, clock, nodeId } = this.#parts
    // A run that is under way may have looked before now: it says nothing about this moment.
    const isOther = this.#shipping
    const atMs = clock.nowMs()
    this.#shipping = true
    try {
      const shipped = await ship()
      if (!store.isShared || isOther || clock.monotonicMs() - this.#saidMs < SAY_EVERY_MS) return shipped
      this.#saidMs = clock.monotonicMs()
      await store.nodes.shipped(nodeId, atMs)
      return shipped
    } finally {
      if (!isOther) this.#shipping = false
    }
  }
}

export interface NodeWordParts {
  readonly store: Pick<ControlStore, 'isShared' | 'nodes'>
  readonly clock: Clock
  readonly nodeId: string
}
