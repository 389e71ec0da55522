import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { availableParallelism, constants, getPriority, setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/**
 * How much nicer a thread is than the others of its process. What a busy processor gives it goes by the difference, each
 * step a quarter less: beside one of them a tenth, or a sixth.
 */
const NICER = { tenth: 10, sixth: 7 } as const

/**
 * Lets the other threads of this process go first where a processor is busy: this one gets what they leave, and its part at
 * the least.
 *
 * On Linux, where a thread has a priority of its own; elsewhere it changes nothing. Call it on the thread itself.
 */
export function giveWay(part: keyof typeof NICER): void {
  try {
    // Read at once, so on this very thread: `self/task/<id of the thread>`.
    makeNicer(Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1]), part)
  } catch {
    // No such file, or not allowed to: all threads are equal then.
  }
}

/**
 * Lets V8's own threads give way too, where this process may use one core at a time; with more it changes nothing.
 *
 * They mark what is still in use while others run, and compile what runs often. Four of them, a slice each, keep a call
 * waiting for a sixtieth of a second. None of them helps with short-lived objects then: whoever made them waits for the
 * help, and on one core there is nothing to win by it.
 */
export function helpersGiveWay(): void {
  if (availableParallelism() > 1) return
  setFlagsFromString('--no-parallel-scavenge')
  try {
    for (const id of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'V8Worker\n') makeNicer(Number(id), 'tenth')
    }
  } catch {
    // As above.
  }
}

function makeNicer(id: number, part: keyof typeof NICER): void {
  if (!Number.isInteger(id)) return
  // A process may have been started nicer than most, or less so.
  setPriority(id, Math.min(getPriority(id) + NICER[part], constants.priority.PRIORITY_LOW))
}
