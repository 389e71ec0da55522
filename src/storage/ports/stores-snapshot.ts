import type { ControlTables } from './control-store.ts'
import type { HeldSpool, HeldUsageLog } from './held-stores.ts'

/** All stores of an installation as they are at one moment. Dispose it: it holds them there. */
export interface StoresSnapshot extends Disposable {
  /** The files that exist: one a store, the spool may have several (`spool`, `spool-2` …), oldest first. */
  readonly names: readonly string[]
  /** How far each run of a node has come in each store, oldest first. */
  places(nodeId: string): Promise<readonly SnapshotPlace[]>
  /** Copies one file as it was held, durably, for its owner only. Throws what the disk refuses. */
  copy(name: string, to: string): Promise<void>
  /** The control store as it was held, for reading only. It must have the schema of this program. */
  control(): Promise<ControlTables>
  /** Undefined where there is none yet. */
  usageLog(): HeldUsageLog | undefined
  /** Each file of the spool, oldest first; none that this gatez did not write to. */
  spools(): readonly HeldSpool[]
}

export type StoreName = 'spool' | 'control' | 'usage'

/** Positions of one run of a node, counted from 1; 0 = none. */
export interface SnapshotPlace {
  readonly epoch: number
  readonly ledger: number
  readonly usageLog: number
  /** What the spool holds; null when it holds nothing of the run. */
  readonly spoolFirst: number | null
  readonly spoolLast: number | null
}

/** What is missing between the stores at this place, in words; undefined when every event is accounted for. */
export function gapAt({ epoch, ledger, usageLog, spoolFirst, spoolLast }: SnapshotPlace): string | undefined {
  const [behind, ahead] = [Math.min(ledger, usageLog), Math.max(ledger, usageLog)]
  if (spoolFirst !== null && spoolFirst > behind + 1) {
    return `run ${epoch}: the spool begins at event ${spoolFirst}, the stores end at ${behind}`
  }
  if (behind === ahead || (spoolLast ?? 0) >= ahead) return undefined
  const who = ledger < usageLog ? 'the ledger' : 'the usage log'
  return `run ${epoch}: ${who} ends at event ${behind}, the other store at ${ahead}`
}
