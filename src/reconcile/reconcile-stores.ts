import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { spoolFiles } from '../metering/spool-files.ts'
import { snapshotStores } from '../storage/open.ts'
import type { StoresSnapshot } from '../storage/ports/stores-snapshot.ts'
import { type HeldStores, Positions } from './positions.ts'
import { type ReconcileRequest, type Reconciliation, reconcile } from './reconcile.ts'

/** Snapshots taken in a row; while a gateway ships, an event is between two stores for milliseconds. */
const TRIES_MAX = 40
const TRY_AGAIN_MS = 25

/** The parts of a configuration that say where the stores are and what is counted in them. */
export type CountedConfig = Pick<Config, 'stores' | 'meters' | 'billing'>

/**
 * Reconciles the stores of a configuration as they are at one moment, while a gateway may be writing.
 *
 * They must have been opened before, so that they have the schema of this program.
 */
export function reconcileStores(config: CountedConfig, request: ReconcileRequest): Promise<Reconciliation> {
  const meterIds = config.meters.map(({ id }) => id)
  const { timezone } = config.billing
  return withSettledStores(config, (stores, positions) => {
    return reconcile({ ...stores, positions, meterIds, timezone }, request)
  })
}

/** Runs `work` on all stores as they are at one moment, with every event accounted for as far as it can be. */
export async function withSettledStores<Result>(
  config: Pick<Config, 'stores'>,
  work: (stores: HeldStores, positions: Positions) => Promise<Result>,
): Promise<Result> {
  const nodeId = nodeIdIn(config.stores.dataDir)
  for (let time = 1; ; time += 1) {
    const files = spoolFiles(join(config.stores.dataDir, 'spool.db')).map(({ path }) => path)
    using snapshot = await snapshotStores(config, files)
    const stores = await heldStores(snapshot, nodeId)
    const positions = await Positions.of(stores)
    // What is torn is the newest end, between two holds; what stays torn is a difference to tell of.
    if (positions.checkMarks().length === 0 || time === TRIES_MAX) return await work(stores, positions)
    await pause(TRY_AGAIN_MS)
  }
}

async function heldStores(snapshot: StoresSnapshot, nodeId: string): Promise<HeldStores> {
  return {
    control: await snapshot.control(),
    log: snapshot.usageLog(),
    spools: snapshot.spools(),
    nodeId,
  }
}

/** The node of this data folder; empty before its first `serve`. */
function nodeIdIn(dataDir: string): string {
  const path = join(dataDir, 'node')
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
}
