import { failPoint } from '../lib/fail-point.ts'
import { LruCache } from '../lib/lru-cache.ts'
import type { Grant } from '../model/grant.ts'
import { hashSecret, secretMayBeKey } from '../model/key.ts'
import type { GrantReader } from '../storage/ports/grant-reader.ts'
import { Caller } from './call-plan.ts'
import { LookUps } from './look-ups.ts'
import { Refusal } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import type { Rules } from './rules.ts'

/** Keys kept in memory, and unknown ones remembered, per gateway thread. */
const KNOWN_MAX = 50_000
const UNKNOWN_MAX = 10_000

/**
 * Stage 2: whose key is it?
 *
 * The cache by hash, then the form (of our keys the checksum), so that guessing them never costs a read,
 * then one read of the store. Keys imported from another system have no form but their length. Mistyped,
 * unknown, expired and revoked keys get one and the same answer.
 */
export class Authenticator {
  readonly #lookUps: LookUps<Grant>
  readonly #known: LruCache<string, KnownKey>
  readonly #unknown = new LruCache<string, true>(UNKNOWN_MAX)

  /** Goes up with every change: what was asked for before it may be stale when it comes. */
  #changes = 0

  /** `lookUp` finds the grant of a key by its hash; `knownMax` are kept in memory. */
  constructor(lookUp: GrantReader['grantByHash'], knownMax = KNOWN_MAX) {
    this.#lookUps = new LookUps(lookUp)
    this.#known = new LruCache(knownMax)
  }

  /** Rejects with what keeps a key from being looked up. */
  authenticate(head: RequestHead, rules: Rules, nowMs: number): Caller | Refusal | Promise<Caller | Refusal> {
    const { credential } = head
    if (head.credentialCount > 1) {
      return new Refusal('duplicate-credential', 'The request carries more than one key.')
    }
    if (credential === undefined || credential === '') return MISSING
    const known = this.find(credential, rules, nowMs)
    return known instanceof Promise ? known.then((found) => judge(found, nowMs)) : judge(known, nowMs)
  }

  /**
   * Forgets the keys that changes touched: `key:<id>`, `tenant:<id>`, and all of them for `*`. Changed plans
   * come as new rules.
   */
  forget(subjects: readonly string[]): void {
    this.#changes += 1
    // A key that was unknown may be the one that was just made.
    this.#unknown.clear()
    const changed = new Set(subjects)
    if (changed.has('*')) this.#known.clear()
    for (const [hash, { grant }] of this.#known.entries()) {
      if (changed.has(`key:${grant.keyId}`) || changed.has(`tenant:${grant.tenantId}`)) {
        this.#known.delete(hash)
      }
    }
  }

  /** The key with this secret, in whatever state; undefined if there is none. */
  find(
    credential: string,
    rules: Rules,
    nowMs: number,
  ): KnownKey | undefined | Promise<KnownKey | undefined> {
    const hash = hashSecret(credential)
    const known = this.#known.get(hash)
    if (known !== undefined && (known.grant.planUntilMs ?? Number.POSITIVE_INFINITY) > nowMs) {
      // New rules: the grant still holds, what was worked out of the old rules does not.
      if (known.rules !== rules) {
        known.caller = new Caller(known.grant, rules)
        known.rules = rules
      }
      return known
    }
    if (!secretMayBeKey(credential) || this.#unknown.get(hash) === true) return undefined
    const grant = this.#lookUps.of(hash)
    if (!(grant instanceof Promise)) return this.#remember(hash, grant, rules)
    const changes = this.#changes
    return grant.then((found) => this.#remember(hash, found, rules, changes))
  }

  /** Kept only if nothing changed since it was asked for, at `changes`. */
  #remember(
    hash: string,
    grant: Grant | undefined,
    rules: Rules,
    changes = this.#changes,
  ): KnownKey | undefined {
    const isFresh = changes === this.#changes
    if (grant === undefined) {
      if (isFresh) this.#unknown.set(hash, true)
      return undefined
    }
    const found = { grant, rules, caller: new Caller(grant, rules) }
    if (isFresh) this.#known.set(hash, found)
    return found
  }
}

function judge(known: KnownKey | undefined, nowMs: number): Caller | Refusal {
  if (known === undefined || known.grant.keyState !== 'active') return INVALID
  const { expiresAtMs } = known.grant
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return INVALID
  failPoint('after-auth')
  return known.caller
}

/** A key that was looked up, and who calls with it under the rules in force. */
export interface KnownKey {
  readonly grant: Grant
  rules: Rules
  caller: Caller
}

const CHALLENGE = { headers: ['WWW-Authenticate', 'Bearer realm="gatez"'] }

const MISSING = new Refusal(
  'missing-credential',
  'This endpoint needs an API key, in the header x-api-key.',
  CHALLENGE,
)

/** What a mistyped, unknown, expired and revoked credential is answered with. */
export const INVALID = new Refusal(
  'invalid-credential',
  'The API key is mistyped, unknown, expired or revoked.',
  CHALLENGE,
)
