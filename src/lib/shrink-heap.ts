import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert } from './assert.ts'

/**
 * Gives back the memory of this thread that starting up used and nothing needs any more: half of it.
 *
 * V8 would come to it by itself, but only when it runs out of room. It takes some 50 ms, in which the thread does
 * nothing else: before a thread takes calls, never later; or where it takes none.
 */
export function shrinkHeap(): void {
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** The same a moment later, on a thread that lets no calls through itself: starting up goes first. */
export function shrinkHeapLater(): void {
  setTimeout(shrinkHeap, LATER_MS).unref()
}

const LATER_MS = 1_000

/**
 * Makes the collector run often from now on, in all threads of this process: for a command that reads much and keeps
 * little of it. Left alone, V8 lets the heap grow to several times of what is in use before it looks.
 *
 * It takes some more of the processor: not for what answers calls.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30')
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * Has the heap grow to three times of what is in use before V8 looks through all of it, in all threads of this process: for a
 * server, whose load comes after a rest.
 *
 * Left alone, V8 allows a tenth or a third more once it gave memory back (`shrinkHeap`; after eight seconds of rest) and
 * stays so thrifty however much comes: it looked ten times a second while large bodies passed, and an upload of 1 MiB took
 * twice the processor. What rest gives back it still gives back.
 */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=200')
}

/** What collects the short-lived objects of this thread, and the buffers that hang on them, in about a millisecond. */
export function youngCollector(): () => void {
  const collect = collector()
  return () => collect({ type: 'minor', execution: 'sync' })
}

/** V8's collector of this thread. */
function collector(): (how: CollectOptions) => void {
  // Not taken back: flags are those of the process, and another thread may be about to look for its own.
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  assert(typeof collect === 'function', 'V8 shows its collector to contexts that are made from now on')
  return (how) => void Reflect.apply(collect, undefined, [how])
}

interface CollectOptions {
  readonly type: 'major' | 'minor'
  readonly execution: 'sync'
  readonly flavor?: 'last-resort'
}
