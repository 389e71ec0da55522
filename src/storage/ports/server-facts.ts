/** What an operator should know of a database server that a store is in. */
export interface ServerFacts {
  readonly version: string
  /** As 150004 for 15.4. */
  readonly versionNumber: number
  readonly user: string
  /** Whether no rule of rows holds for the user. */
  readonly isSuperuser: boolean
  /** Whether it takes no writes. */
  readonly isStandby: boolean
  readonly isEncrypted: boolean
  /** Whether it is on this machine. */
  readonly isLoopback: boolean
  /** Whether the user may make tables, as a migration does. */
  readonly mayCreate: boolean
  /** Whether what it says is committed survives a power cut. */
  readonly commitsDurably: boolean
  readonly connectionsMax: number
  /** A round trip, in the middle of a few. */
  readonly latencyMs: number
  /** How far its clock is ahead of ours. */
  readonly clockSkewMs: number
  /** The schema it has, 0 for none, and the newest this gatez knows. */
  readonly schema: number
  readonly schemaKnown: number
  /** What the user may not do and gatez must, as `INSERT on keys`. */
  readonly missing: readonly string[]
  /** Tables of what was counted and done, of which the user may remove rows though it does not own them. */
  readonly excess: readonly string[]
}
