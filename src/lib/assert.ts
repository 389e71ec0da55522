/**
 * Stops the program when what we rely on does not hold: our mistake, never the caller's.
 *
 * Assertions stay on in production. `claim` says what must hold, not what went wrong.
 */
export function assert(holds: unknown, claim: string): asserts holds {
  if (!holds) throw new AssertionError(claim)
}

/** A broken assumption of ours. The message may name internals, so it never reaches a client. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'

  constructor(claim: string) {
    super(`assertion failed: ${claim}`)
  }
}
