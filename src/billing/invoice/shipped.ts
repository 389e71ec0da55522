import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoresConfig } from '../../config/config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { spoolFiles } from '../../metering/spool-files.ts'
import { runsInSpool } from '../../storage/open.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'

/** How long a gateway that serves is waited for: it ships within a second. */
const TRIES_MAX = 100
const TRY_AGAIN_MS = 100

/**
 * Waits until all that lies in the spool of this node now is in the ledger.
 *
 * Throws `events-not-shipped` when it stays there: no gateway runs, and an earlier one was killed.
 */
export async function untilShipped(
  ledger: Pick<LedgerStore, 'watermark'>,
  config: { readonly stores: StoresConfig },
  triesMax = TRIES_MAX,
): Promise<void> {
  const runs = spoolFiles(join(config.stores.dataDir, 'spool.db')).flatMap(({ path }) => runsInSpool(path))
  const nodeId = runs.length === 0 ? '' : readFileSync(join(config.stores.dataDir, 'node'), 'utf8').trim()
  let left = 0n
  for (let time = 0; time < triesMax; time += 1) {
    left = 0n
    for (const { epoch, lastSeq } of runs) {
      const seq = await ledger.watermark({ nodeId, epoch })
      if (seq < lastSeq) left += BigInt(lastSeq - seq)
    }
    if (left === 0n) return
    await pause(TRY_AGAIN_MS)
  }
  throw new GatezError(
    'events-not-shipped',
    `${left} events lie in the spool of this folder and are not in the ledger: an invoice would miss them.`,
  )
}
