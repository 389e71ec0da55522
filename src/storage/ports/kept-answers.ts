/**
 * Calls that carry an `Idempotency-Key`, and what they were answered: so that one that is sent again is
 * answered alike, and neither done nor billed a second time.
 */
export interface KeptAnswerStore {
  /**
   * Takes a key for a call, atomically among all who ask: of calls that race for one, one gets it.
   *
   * A key whose call broke off with its node, which no one renewed, may be taken again. One whose time is
   * over is as if it was never used, but not before its call is: that holds it however long it takes.
   */
  claim(claim: Claim): Promise<ClaimOutcome>
  /** Keeps the answer to a call that holds its key. False when it does not any more. */
  keep(holder: ClaimHolder, answer: KeptAnswer, expiresAtMs: number): Promise<boolean>
  /**
   * Gives a key back, as if `holder` had never come: the next call with it is the first, or comes behind those that
   * broke off before. Nothing happens when `holder` does not hold it.
   */
  release(holder: ClaimHolder): Promise<void>
  /**
   * The same for a call that is on the bill, but has no answer that can be given again. Whoever takes the key next is
   * told, until `expiresAtMs`.
   */
  releaseBilled(holder: ClaimHolder, expiresAtMs: number): Promise<void>
  /** Lets these running calls of a node, known by their events, hold their keys on; no others. */
  renew(owner: ClaimOwner, eventIds: readonly string[], leaseUntilMs: number): Promise<void>
  /** Bytes that the answers kept for a tenant take. */
  bytesOf(tenantId: string): Promise<number>
  /** Removes the oldest answers of a tenant until they take at most `bytesMax`, and returns what they take. */
  trim(tenantId: string, bytesMax: number): Promise<number>
  /** Removes what expired before `nowMs` and is not under way, at most `limit`; returns how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>
}

/** Whose key it is: an `Idempotency-Key` holds for one tenant on one route. */
export interface ClaimPlace {
  readonly tenantId: string
  readonly routeId: string
  readonly key: string
}

/** A call that holds a key: known by the id of its event. */
export interface ClaimHolder extends ClaimPlace {
  readonly eventId: string
}

/** One run of a node. */
export interface ClaimOwner {
  readonly nodeId: string
  readonly epoch: number
}

export interface Claim extends ClaimHolder {
  readonly owner: ClaimOwner
  /** Hash of what was asked: the same for the same request only. */
  readonly fingerprint: string
  readonly nowMs: number
  /** Until when it holds if no one renews it. */
  readonly leaseUntilMs: number
  /** Until when the key is remembered. */
  readonly expiresAtMs: number
}

export type ClaimOutcome =
  /**
   * It holds the key. `earlierIds` are the events of calls that broke off with it, oldest first; `billedBefore` when
   * one of them was given back as billed.
   */
  | { readonly kind: 'claimed'; readonly earlierIds: readonly string[]; readonly billedBefore: boolean }
  /** Another call with the key is under way. */
  | { readonly kind: 'running' }
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'answered'; readonly eventId: string; readonly answer: KeptAnswer }

/** What a call was answered. */
export interface KeptAnswer {
  readonly status: number
  /** null when it is the usual one. */
  readonly statusText: string | null
  /** The upstream's header fields: name, value, name, value … */
  readonly fields: readonly string[]
  readonly requestId: string
  readonly body: Buffer
}
