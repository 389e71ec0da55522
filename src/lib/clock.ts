/** Tells the time. The only source of it in the program, so a test can move it. */
export interface Clock {
  /** Milliseconds since 1970, UTC. May step back when the host's clock is set. */
  nowMs(): number
  /** Milliseconds since an arbitrary start; never steps back. For durations. */
  monotonicMs(): number
}

/** The host's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/**
 * A clock that runs at normal speed but from another moment: `GATEZ_CLOCK` in tests.
 *
 * `offsetMs` is added to the host's clock.
 */
export function shiftedClock(offsetMs: number): Clock {
  return {
    nowMs: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
  }
}

/** When this process began, by this clock. Meant for the main thread: a worker has a beginning of its own. */
export function processStartMs(clock: Clock): number {
  return clock.nowMs() - performance.now()
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs: number

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  /** Moves the clock by `ms`, which may be negative. */
  advance(ms: number): void {
    this.#nowMs += ms
  }

  /** Sets the clock to `ms` since 1970. */
  set(ms: number): void {
    this.#nowMs = ms
  }
}
