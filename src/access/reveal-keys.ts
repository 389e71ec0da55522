import { GatezError } from '../errors/gatez-error.ts'
import { hashSecret, type Key, makeSecret, maskSecret } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { lockKey } from './find-key.ts'
import { type RevealedKeyView, stateAt, viewRevealedKey } from './key-view.ts'
import { replaceKey } from './replace-key.ts'

/**
 * Makes the secrets of approved keys and returns them, this once; all or none.
 *
 * From then on the keys are active. Of two who ask at once, one gets the secret, the other
 * `already-revealed`. A secret is in the answer and nowhere else; what is kept is its SHA-256.
 */
export async function revealKeys(
  { store, clock }: Access,
  { keyIds, actor }: RevealKeysRequest,
): Promise<readonly RevealedKeyView[]> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const views: RevealedKeyView[] = []
    for (const keyId of new Set(keyIds)) {
      const { key } = await lockKey(tables, keyId)
      if (stateAt(key, nowMs) !== 'approved') throw notRevealable(key, nowMs)
      const secret = makeSecret(key.mode)
      const masked = maskSecret(secret)
      const active: Key = { ...key, state: 'active', hash: hashSecret(secret), masked, revealedAtMs: nowMs }
      await replaceKey(tables, key, active)
      const subject = `key:${key.id}`
      await record(tables, { atMs: nowMs, actor, action: 'key.revealed', subject, detail: { masked } })
      views.push(viewRevealedKey(active, secret, nowMs))
    }
    return views
  })
}

export interface RevealKeysRequest extends Signed {
  readonly keyIds: readonly string[]
}

function notRevealable(key: Key, nowMs: number): GatezError {
  if (key.state === 'active') {
    return new GatezError('already-revealed', `The secret of key ${key.id} (${key.masked}) was shown before.`)
  }
  const state = stateAt(key, nowMs)
  const way = state === 'requested' ? `; gatez keys approve ${key.id} comes first` : ''
  return new GatezError('wrong-state', `Key ${key.id} is ${state}, so it has no secret to show${way}.`)
}
