import { GatezError } from '../errors/gatez-error.ts'
import type { Key } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { lockKey } from './find-key.ts'
import { type KeyView, viewKey } from './key-view.ts'
import { replaceKey } from './replace-key.ts'
import { checkedText, REASON_LENGTH_MAX } from './text.ts'

/** Ends keys for good, all or none; within a second every call with them is refused. */
export async function revokeKeys(
  { store, clock }: Access,
  { keyIds, actor, ...request }: RevokeKeysRequest,
): Promise<readonly KeyView[]> {
  const nowMs = clock.nowMs()
  const reason =
    request.reason === undefined ? null : checkedText('reason', request.reason, REASON_LENGTH_MAX)

  return store.transaction(async (tables) => {
    const views: KeyView[] = []
    for (const keyId of new Set(keyIds)) {
      const { key } = await lockKey(tables, keyId)
      if (key.state !== 'approved' && key.state !== 'active') throw notRevocable(key)
      const revoked: Key = { ...key, state: 'revoked', decisionReason: reason, revokedAtMs: nowMs }
      await replaceKey(tables, key, revoked)
      const subject = `key:${key.id}`
      await record(tables, { atMs: nowMs, actor, action: 'key.revoked', subject, detail: { reason } })
      views.push(viewKey(revoked, nowMs))
    }
    return views
  })
}

export interface RevokeKeysRequest extends Signed {
  readonly keyIds: readonly string[]
  readonly reason?: string | undefined
}

function notRevocable(key: Key): GatezError {
  const detail =
    key.state === 'requested'
      ? `Key ${key.id} is only requested. gatez keys reject ${key.id} turns it down.`
      : `Key ${key.id} is ${key.state} already.`
  return new GatezError('wrong-state', detail)
}
