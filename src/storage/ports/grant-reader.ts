import type { Grant } from '../../model/grant.ts'
import type { Token } from '../../model/token.ts'

/**
 * What a gateway thread reads on a cache miss: one row, on a connection of its own.
 *
 * A store on this machine answers at once; one beyond a network later, within some seconds.
 */
export interface GrantReader {
  /** What the key with this hash may do now; undefined if no key has it. Throws `store-unavailable`. */
  grantByHash(hash: string): Grant | undefined | Promise<Grant | undefined>
  /** The token with this hash, in whatever state; undefined if none has it. Throws `store-unavailable`. */
  tokenByHash(hash: string): Token | undefined | Promise<Token | undefined>
  close(): void
}
