import { parentPort, workerData } from 'node:worker_threads'
import { MemoryCounterStore } from '../../src/storage/memory/counters.ts'
import { Counter, type CounterSpec } from '../../src/storage/ports/counters.ts'

/** One of several threads that begin and end calls on the same counters. */
export interface ConcurrencyOrder {
  readonly memory: SharedArrayBuffer
  /** Shared integers: calls in flight by the threads' own count, and the most there ever were. */
  readonly inFlight: SharedArrayBuffer
  /** Taken together by each call; the first counts calls in flight. */
  readonly counters: readonly CounterSpec[]
  readonly steps: number
  readonly nowMs: number
  readonly seed: number
}

/** How many calls were let through, all of which were ended. */
function hammer({ memory, inFlight, counters, steps, nowMs, seed }: ConcurrencyOrder): number {
  const store = new MemoryCounterStore(memory)
  const set = counters.map((spec) => new Counter(spec))
  const counts = new Int32Array(inFlight)
  let [mine, admitted, random] = [0, 0, seed]
  const end = (): void => {
    mine -= 1
    // Before the place is free, so that the count is never above the truth.
    Atomics.sub(counts, 0, 1)
    store.release(set)
  }
  for (let step = 0; step < steps; step += 1) {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    if (mine > 0 && random % 5 < 2) end()
    else if (store.take(set, nowMs).outcome === 'admitted') {
      mine += 1
      admitted += 1
      const now = Atomics.add(counts, 0, 1) + 1
      let most = Atomics.load(counts, 1)
      while (now > most) most = Atomics.compareExchange(counts, 1, most, now)
    }
  }
  while (mine > 0) end()
  return admitted
}

parentPort?.postMessage(hammer(workerData))
