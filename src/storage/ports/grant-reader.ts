import type { Grant } from '../../model/grant.ts'

/** What a gateway thread reads on a cache miss: one row, at once, on a connection of its own. */
export interface GrantReader {
  /** What the key with this hash may do now; undefined if no key has it. Throws `store-unavailable`. */
  grantByHash(hash: string): Grant | undefined
  close(): void
}
