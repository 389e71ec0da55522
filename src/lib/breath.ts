import { systemClock } from './clock.ts'

/**
 * Pauses of a thread that works for long, so that another one that shares its core comes in between.
 *
 * A thread that was given a core keeps it until its slice is over, some milliseconds, whatever its priority: a call
 * that arrives meanwhile waits. Whoever sleeps lets go at once.
 */
export class Breath {
  readonly #nowMs: () => number
  readonly #pause: () => void
  #endedMs: number
  #workMs = WORK_MS

  constructor({ nowMs, pause }: BreathParts) {
    this.#nowMs = nowMs
    this.#pause = pause
    this.#endedMs = nowMs()
  }

  /** To be called often while there is work, every tenth of a millisecond or so: pauses when it is time. */
  take(): void {
    const beganMs = this.#nowMs()
    if (beganMs - this.#endedMs < this.#workMs) return
    this.#pause()
    this.#endedMs = this.#nowMs()
    // Where others take all there is of the core, a pause is as long as theirs. Who paused as often then would get less than his part.
    this.#workMs = Math.min(Math.max(WORK_MS, this.#endedMs - beganMs), WORK_MS_MAX)
  }
}

export interface BreathParts {
  /** A clock that only goes on. */
  readonly nowMs: () => number
  /** Blocks the thread for a moment. */
  readonly pause: () => void
}

/** From now on this thread pauses wherever `breathe` is called. */
export function takeBreaths(): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  breath = new Breath({
    nowMs: () => systemClock.monotonicMs(),
    pause: () => Atomics.wait(cell, 0, 0, PAUSE_MS),
  })
}

/** A place where this thread may pause, if it is one that does. */
export function breathe(): void {
  breath?.take()
}

/** The same items, with a place to pause before each. */
export function* breathing<Item>(items: Iterable<Item>): Generator<Item> {
  for (const item of items) {
    breathe()
    yield item
  }
}

/** Of this thread: each has its own. */
let breath: Breath | undefined

/** From one pause to the next, at least. */
const WORK_MS = 0.5
/** And at most, but for the piece of work that is not done yet: a process may have been stopped for long in a pause. */
const WORK_MS_MAX = 20
/** What counts is that the thread sleeps: with a wait much shorter than this it may be over before. The system makes some 0.08 ms of it. */
const PAUSE_MS = 0.02
