import { isoTime } from '../lib/iso-time.ts'
import { BUCKET_MS, type LedgerStore } from '../storage/ports/ledger.ts'

/** What the keys of a tenant were used for; the names are stable. */
export interface KeyUse {
  readonly key_id: string
  readonly requests: number
  readonly billable: number
  readonly refused: number
  /** The quarter of an hour in which it was used last: it is no more exact than that. */
  readonly last_used_at: string
}

/** Which keys of a tenant were used in a span, how much, and when last; by the ledger. */
export async function keyUse(
  ledger: Pick<LedgerStore, 'rollups'>,
  span: { readonly tenantId: string; readonly fromMs: number; readonly toMs: number },
): Promise<readonly KeyUse[]> {
  const found = new Map<string, { requests: number; billable: number; refused: number; lastMs: number }>()
  const fromMs = span.fromMs - (span.fromMs % BUCKET_MS)
  for await (const rollup of ledger.rollups({ ...span, fromMs })) {
    if (rollup.keyId === '') continue
    const use = found.get(rollup.keyId) ?? { requests: 0, billable: 0, refused: 0, lastMs: 0 }
    use.requests += rollup.requests
    use.billable += rollup.billable ? rollup.requests : 0
    use.refused += rollup.refused
    use.lastMs = Math.max(use.lastMs, rollup.bucketMs)
    found.set(rollup.keyId, use)
  }
  return [...found].map(([key_id, { lastMs, ...use }]) => ({ key_id, ...use, last_used_at: isoTime(lastMs) }))
}
