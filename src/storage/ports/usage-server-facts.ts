/** What is to be known of a server that the usage log is in. */
export interface UsageServerFacts {
  /** As the server writes it. */
  readonly version: string
  /** Its first two numbers. */
  readonly release: readonly [major: number, minor: number]
  readonly user: string
  /** Rights that are needed and not there, as `INSERT`. */
  readonly missing: readonly string[]
  readonly latencyMs: number
  /** Whether the way there is encrypted, and whether it stays on this machine. */
  readonly isEncrypted: boolean
  readonly isLoopback: boolean
  /** How far its clock is ahead of ours. */
  readonly clockSkewMs: number
  /** Of the tables that are there, and what this gatez knows. */
  readonly schema: number
  readonly schemaKnown: number
  readonly freeBytes: number
}
