import { LruCache } from '../lib/lru-cache.ts'
import { hashSecret, tokenIsWellFormed } from '../model/key.ts'
import { type Token, type TokenScope, tokenHolds, tokenMay } from '../model/token.ts'
import type { GrantReader } from '../storage/ports/grant-reader.ts'
import { INVALID } from './authenticate.ts'
import { LookUps } from './look-ups.ts'
import { Refusal } from './refusal.ts'

/** Tokens kept in memory, and unknown ones remembered, per gateway thread. */
const KNOWN_MAX = 1_000

/** Whose token is it, and is it good for what is asked? Like keys: mistyped ones never cost a read. */
export class TokenAuthenticator {
  readonly #lookUps: LookUps<Token>
  readonly #known = new LruCache<string, Token | typeof UNKNOWN>(KNOWN_MAX)

  /** Goes up with every change: what was asked for before it may be stale when it comes. */
  #changes = 0

  /** `lookUp` finds a token by its hash. */
  constructor(lookUp: GrantReader['tokenByHash']) {
    this.#lookUps = new LookUps(lookUp)
  }

  /** Rejects with what keeps a token from being looked up. */
  authenticate(secret: string, scope: TokenScope, nowMs: number): Token | Refusal | Promise<Token | Refusal> {
    const token = tokenIsWellFormed(secret) ? this.#find(hashSecret(secret)) : undefined
    return token instanceof Promise
      ? token.then((found) => judge(found, scope, nowMs))
      : judge(token, scope, nowMs)
  }

  /** Forgets the tokens that changes touched: `token:<id>`, and all of them for `*`. */
  forget(subjects: readonly string[]): void {
    this.#changes += 1
    const changed = new Set(subjects)
    if (changed.has('*')) this.#known.clear()
    for (const [hash, token] of this.#known.entries()) {
      // One that was unknown may be the one that was just made.
      if (token === UNKNOWN || changed.has(`token:${token.id}`)) this.#known.delete(hash)
    }
  }

  #find(hash: string): Token | undefined | Promise<Token | undefined> {
    const known = this.#known.get(hash)
    if (known !== undefined) return known === UNKNOWN ? undefined : known
    const token = this.#lookUps.of(hash)
    if (!(token instanceof Promise)) return this.#remember(hash, token)
    const changes = this.#changes
    return token.then((found) => (changes === this.#changes ? this.#remember(hash, found) : found))
  }

  #remember(hash: string, token: Token | undefined): Token | undefined {
    this.#known.set(hash, token ?? UNKNOWN)
    return token
  }
}

function judge(token: Token | undefined, scope: TokenScope, nowMs: number): Token | Refusal {
  if (token === undefined || !tokenHolds(token, nowMs)) return INVALID
  if (tokenMay(token, scope)) return token
  return new Refusal(
    'insufficient-scope',
    `This needs a token with the scope ${scope}; this one has ${token.scopes.join(', ')}.`,
  )
}

const UNKNOWN = 'unknown'
