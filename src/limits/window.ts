import { STEPS_PER_WINDOW } from '../storage/ports/counters.ts'

/** The sub-window that holds `nowMs`, counted from 1970. */
export function stepAt(nowMs: number, windowMs: number): number {
  return Math.floor((nowMs * STEPS_PER_WINDOW) / windowMs)
}

/**
 * The first moment at which calls counted in sub-window `step` no longer count.
 *
 * The oldest, partly expired sub-window counts in full, so that is one sub-window after the last of
 * its calls left the window: never early, at most 1/60 of the window late.
 */
export function stepFreesAtMs(step: number, windowMs: number): number {
  return Math.ceil(((step + STEPS_PER_WINDOW + 1) * windowMs) / STEPS_PER_WINDOW)
}

/** The first moment of a sub-window. */
export function stepStartMs(step: number, windowMs: number): number {
  return Math.ceil((step * windowMs) / STEPS_PER_WINDOW)
}
