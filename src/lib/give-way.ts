import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** How much less of a busy processor a thread gets than the others of the process: beside one of them a tenth, or a sixth. */
const NICENESS = { tenth: 10, sixth: 7 } as const

/**
 * Lets the other threads of this process go first where a processor is busy: this one gets what they leave, and its part at
 * the least.
 *
 * On Linux, where a thread has a priority of its own; elsewhere it changes nothing. Call it on the thread itself.
 */
export function giveWay(part: keyof typeof NICENESS): void {
  try {
    // Read at once, so on this very thread: `self/task/<id of the thread>`.
    const id = Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1])
    if (Number.isInteger(id)) setPriority(id, NICENESS[part])
  } catch {
    // No such file, or not allowed to: all threads are equal then.
  }
}
