import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/lib/clock.ts'

const LOOK_EVERY_MS = 10

/**
 * Looks again and again until `look` finds something, and returns that.
 *
 * For what becomes true by itself in another process. Throws when a look that was begun `withinMs` after the start,
 * or later, finds nothing: that looks take long, on a machine that is busy, says nothing of what they look for.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  withinMs = 10_000,
): Promise<Found> {
  const startMs = systemClock.monotonicMs()
  for (;;) {
    const begunMs = systemClock.monotonicMs() - startMs
    const found = await look()
    if (found !== undefined) return found
    if (begunMs >= withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
