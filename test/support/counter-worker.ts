import { parentPort, workerData } from 'node:worker_threads'
import { MemoryCounterStore } from '../../src/storage/memory/counters.ts'
import { Counter, type CounterSpec, type Decision } from '../../src/storage/ports/counters.ts'

/** One of several threads that hammer the same counters. */
export interface HammerOrder {
  readonly memory: SharedArrayBuffer
  /** One shared integer: the time, moved on by whoever decides. */
  readonly clock: SharedArrayBuffer
  /** Sets of counters; each decision takes from one of them, in turn. */
  readonly sets: readonly (readonly CounterSpec[])[]
  readonly decisions: number
  /** Decisions after which the time moves on by a millisecond; 0 = it stands still. */
  readonly tickEvery: number
  readonly startMs: number
  /** Every so many admissions are given back at once; 0 = none. */
  readonly giveBackEvery: number
  readonly seed: number
}

export interface HammerReport {
  readonly admitted: number
  readonly full: number
  readonly givenBack: number
  /** The first counter's reset after each admission. */
  readonly resets: Float64Array
}

function hammer(order: HammerOrder): HammerReport {
  const store = new MemoryCounterStore(order.memory)
  const clock = new Int32Array(order.clock)
  const sets = order.sets.map((set) => set.map((spec) => new Counter(spec)))
  const resets: number[] = []
  let [full, givenBack, seed] = [0, 0, order.seed]
  for (let decision = 0; decision < order.decisions; decision += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    const set = sets[seed % sets.length]!
    const ticks = order.tickEvery > 0 && decision % order.tickEvery === 0 ? 1 : 0
    const nowMs = order.startMs + Atomics.add(clock, 0, ticks)
    const { outcome, resetAtMs } = store.take(set, nowMs) as Decision
    if (outcome === 'full') full += 1
    if (outcome !== 'admitted') continue
    resets.push(resetAtMs[0] ?? 0)
    if (order.giveBackEvery > 0 && resets.length % order.giveBackEvery === 0) {
      store.giveBack(set)
      givenBack += 1
    }
  }
  return { admitted: resets.length, full, givenBack, resets: Float64Array.from(resets) }
}

parentPort?.postMessage(hammer(workerData))
