import type { Token } from '../../model/token.ts'

/** The tokens of operators: their hashes, never their secrets. */
export interface TokenStore {
  insert(token: Token): Promise<void>
  find(id: string): Promise<Token | undefined>
  /** In whatever state. */
  findByHash(hash: string): Promise<Token | undefined>
  /** Newest first, the revoked included. */
  list(): Promise<readonly Token[]>
  /** False when it was revoked before, or there is none: of two who race, one wins. */
  revoke(id: string, atMs: number): Promise<boolean>
}
