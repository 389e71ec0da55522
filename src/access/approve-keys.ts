import { GatezError } from '../errors/gatez-error.ts'
import type { Key } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { lockKey } from './find-key.ts'
import { checkRoom, planOf } from './key-rules.ts'
import { type KeyView, viewKey } from './key-view.ts'
import { replaceKey } from './replace-key.ts'

/** Grants key requests, all or none. Each then waits to be revealed; only so many as the plan allows. */
export async function approveKeys(
  { store, clock }: Access,
  { keyIds, actor }: ApproveKeysRequest,
): Promise<readonly KeyView[]> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const views: KeyView[] = []
    for (const keyId of new Set(keyIds)) {
      const { key, tenant } = await lockKey(tables, keyId)
      if (key.state !== 'requested') {
        throw new GatezError('wrong-state', `Key ${key.id} is ${key.state}; only a request can be approved.`)
      }
      await checkRoom(tables, tenant, await planOf(tables, tenant, nowMs))
      const approved: Key = { ...key, state: 'approved', decidedBy: actor, decidedAtMs: nowMs }
      await replaceKey(tables, key, approved)
      await record(tables, { atMs: nowMs, actor, action: 'key.approved', subject: `key:${key.id}` })
      views.push(viewKey(approved, nowMs))
    }
    return views
  })
}

export interface ApproveKeysRequest extends Signed {
  readonly keyIds: readonly string[]
}
