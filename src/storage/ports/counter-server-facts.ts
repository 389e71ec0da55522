/** What an operator should know of a server that limits are counted in. */
export interface CounterServerFacts {
  /** An address without its password. */
  readonly place: string
  readonly version: string
  /** Its first two numbers. */
  readonly release: readonly [major: number, minor: number]
  readonly user: string
  /** Commands that the user may not run and gatez must. */
  readonly missing: readonly string[]
  /** Why it takes no writes now, in its own words; undefined when it does. */
  readonly refusesWrites: string | undefined
  /** Whether it throws counters away when its memory is full. */
  readonly evicts: boolean
  readonly usedBytes: number
  /** 0 = as much as there is. */
  readonly maxBytes: number
  /** A round trip, in the middle of a few. */
  readonly latencyMs: number
  /** How long a call waits for an answer before it is decided without it. */
  readonly answerMsMax: number
  readonly isEncrypted: boolean
  /** Whether it is on this machine. */
  readonly isLoopback: boolean
  /** How far its clock is ahead of ours. */
  readonly clockSkewMs: number
  /** Whether what is counted there can be relied on: not before a node has counted again. */
  readonly isTrusted: boolean
}
