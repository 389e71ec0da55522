import { LruCache } from '../lib/lru-cache.ts'
import { hashSecret, tokenIsWellFormed } from '../model/key.ts'
import { type Token, type TokenScope, tokenHolds, tokenMay } from '../model/token.ts'
import { INVALID } from './authenticate.ts'
import { Refusal } from './refusal.ts'

/** Tokens kept in memory, and unknown ones remembered, per gateway thread. */
const KNOWN_MAX = 1_000

/** Whose token is it, and is it good for what is asked? Like keys: mistyped ones never cost a read. */
export class TokenAuthenticator {
  readonly #lookUp: (hash: string) => Token | undefined
  readonly #known = new LruCache<string, Token | typeof UNKNOWN>(KNOWN_MAX)

  /** `lookUp` finds a token by its hash. */
  constructor(lookUp: (hash: string) => Token | undefined) {
    this.#lookUp = lookUp
  }

  authenticate(secret: string, scope: TokenScope, nowMs: number): Token | Refusal {
    const token = tokenIsWellFormed(secret) ? this.#find(hashSecret(secret)) : undefined
    if (token === undefined || !tokenHolds(token, nowMs)) return INVALID
    if (tokenMay(token, scope)) return token
    return new Refusal(
      'insufficient-scope',
      `This needs a token with the scope ${scope}; this one has ${token.scopes.join(', ')}.`,
    )
  }

  /** Forgets the tokens that changes touched: `token:<id>`. */
  forget(subjects: readonly string[]): void {
    const changed = new Set(subjects)
    for (const [hash, token] of this.#known.entries()) {
      // One that was unknown may be the one that was just made.
      if (token === UNKNOWN || changed.has(`token:${token.id}`)) this.#known.delete(hash)
    }
  }

  #find(hash: string): Token | undefined {
    const known = this.#known.get(hash)
    if (known !== undefined) return known === UNKNOWN ? undefined : known
    const token = this.#lookUp(hash)
    this.#known.set(hash, token ?? UNKNOWN)
    return token
  }
}

const UNKNOWN = 'unknown'
