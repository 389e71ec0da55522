import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/lib/clock.ts'

const LOOK_EVERY_MS = 10

/**
 * Looks again and again until `look` finds something, and returns that and how long it took.
 *
 * For what becomes true by itself in another process. Throws when nothing was found `withinMs` after
 * the start; the time a look was begun counts, not the time it took.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  withinMs = 10_000,
): Promise<Found> {
  const startMs = systemClock.monotonicMs()
  for (;;) {
    const begunMs = systemClock.monotonicMs() - startMs
    if (begunMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    const found = await look()
    if (found !== undefined) return found
    await pause(LOOK_EVERY_MS)
  }
}
