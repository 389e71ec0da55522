import type { Grant } from '../../model/grant.ts'
import type { Key, KeyState } from '../../model/key.ts'

export interface KeyStore {
  insert(key: Key): Promise<void>
  find(id: string): Promise<Key | undefined>
  /** Whether any key, in whatever state, has this hash. */
  hasHash(hash: string): Promise<boolean>
  /** Newest first. */
  list(filter: { readonly tenantId?: string; readonly state?: KeyState }): Promise<readonly Key[]>
  /** Keys that count against `keys.max`: approved and active ones, without those a rotation replaced. */
  countHeld(tenantId: string): Promise<number>
  /**
   * Writes the fields of `next`, if the key is still in the state `from`.
   *
   * False when it is not: of two who race, one wins.
   */
  update(next: Key, from: KeyState): Promise<boolean>
  /** What the gateway must know of the key with this hash; undefined if none has it. */
  grantByHash(hash: string): Promise<Grant | undefined>
}
