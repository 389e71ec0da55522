import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoresConfig } from '../../config/config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { spoolFiles } from '../../metering/spool-files.ts'
import { runsInSpool } from '../../storage/open.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import type { NodeRow } from '../../storage/ports/nodes.ts'

/** How long a gateway that serves is waited for: it ships within a second. */
const TRIES_MAX = 100
const TRY_AGAIN_MS = 100

/** A node that said nothing for so long is gone: what it has still comes later, as adjustments. */
const GONE_AFTER_MS = 15 * 60_000

/**
 * Waits until all events of a period are in the ledger: what lies in the spool of this node now, and, where nodes share
 * the store, what every other node has that runs.
 *
 * Throws `events-not-shipped` when that does not come to be: no gateway runs here and an earlier one was killed, or another
 * node cannot reach the store.
 */
export async function untilShipped(
  store: Pick<ControlStore, 'ledger' | 'nodes' | 'isShared'>,
  config: { readonly stores: StoresConfig },
  { closedMs, nowMs, triesMax = TRIES_MAX }: ShippedRequest,
): Promise<void> {
  const { dataDir } = config.stores
  const runs = spoolFiles(join(dataDir, 'spool.db')).flatMap(({ path }) => runsInSpool(path))
  const nodeId = ownNode(dataDir)
  let left = 0n
  let late: readonly NodeRow[] = []
  for (let time = 0; time < triesMax; time += 1) {
    left = 0n
    for (const { epoch, lastSeq } of runs) {
      const seq = await store.ledger.watermark({ nodeId, epoch })
      if (seq < lastSeq) left += BigInt(lastSeq - seq)
    }
    late = store.isShared ? lateNodes(await store.nodes.list(), { nodeId, closedMs, nowMs }) : []
    if (left === 0n && late.length === 0) return
    await pause(TRY_AGAIN_MS)
  }
  if (left > 0n) {
    const detail = `${left} events lie in the spool of this folder and are not in the ledger: an invoice would miss them.`
    throw new GatezError('events-not-shipped', detail)
  }
  const names = late.map(({ nodeId: id, shippedAtMs }) => {
    return `${id} (${shippedAtMs === null ? 'never' : isoTime(shippedAtMs)})`
  })
  throw new GatezError(
    'events-not-shipped',
    `Other nodes did not say yet that their events up to ${isoTime(closedMs)} are in the ledger; they last did: ${names.join(', ')}.`,
  )
}

export interface ShippedRequest {
  /** The moment from which the period may be closed: what happened in it is durable on its node by then. */
  readonly closedMs: number
  readonly nowMs: number
  readonly triesMax?: number
}

/** Nodes that run, and may still have something from before `closedMs`. */
function lateNodes(
  nodes: readonly NodeRow[],
  { nodeId, closedMs, nowMs }: { readonly nodeId: string; readonly closedMs: number; readonly nowMs: number },
): readonly NodeRow[] {
  return nodes.filter((node) => {
    if (node.nodeId === nodeId || node.stoppedAtMs !== null) return false
    const shippedMs = node.shippedAtMs ?? 0
    const heardMs = Math.max(shippedMs, node.startedAtMs)
    return shippedMs < closedMs && heardMs >= nowMs - GONE_AFTER_MS
  })
}

/** This node, if a gateway ever ran in this folder. */
function ownNode(dataDir: string): string {
  const file = join(dataDir, 'node')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
