import { GatezError } from '../errors/gatez-error.ts'
import type { Key } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { lockKey } from './find-key.ts'
import { type KeyView, viewKey } from './key-view.ts'
import { replaceKey } from './replace-key.ts'
import { checkedText, REASON_LENGTH_MAX } from './text.ts'

/** Turns key requests down, all or none, with a reason the tenant can read. */
export async function rejectKeys(
  { store, clock }: Access,
  { keyIds, actor, ...request }: RejectKeysRequest,
): Promise<readonly KeyView[]> {
  const nowMs = clock.nowMs()
  const reason =
    request.reason === undefined ? null : checkedText('reason', request.reason, REASON_LENGTH_MAX)

  return store.transaction(async (tables) => {
    const views: KeyView[] = []
    for (const keyId of new Set(keyIds)) {
      const { key } = await lockKey(tables, keyId)
      if (key.state !== 'requested') {
        throw new GatezError(
          'wrong-state',
          `Key ${key.id} is ${key.state}; only a request can be rejected. gatez keys revoke ${key.id} ends a key.`,
        )
      }
      const rejected: Key = {
        ...key,
        state: 'rejected',
        decidedBy: actor,
        decisionReason: reason,
        decidedAtMs: nowMs,
      }
      await replaceKey(tables, key, rejected)
      const subject = `key:${key.id}`
      await record(tables, { atMs: nowMs, actor, action: 'key.rejected', subject, detail: { reason } })
      views.push(viewKey(rejected, nowMs))
    }
    return views
  })
}

export interface RejectKeysRequest extends Signed {
  readonly keyIds: readonly string[]
  readonly reason?: string | undefined
}
