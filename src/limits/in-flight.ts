import type { Counter } from '../storage/ports/counters.ts'
import type { SharedCounterStore } from '../storage/ports/shared-counters.ts'

/**
 * How many calls of this holder are in flight, by counter: what the shared counts are told ever again, so that
 * an answer that got lost does not keep a place taken for good, nor free one.
 */
export class InFlight {
  readonly #shared: SharedCounterStore
  readonly #held = new Map<string, Held>()

  constructor(shared: SharedCounterStore) {
    this.#shared = shared
  }

  /** It is asked whether a call may begin. */
  asked(counters: readonly Counter[]): void {
    for (const held of this.#each(counters)) held.asked += 1
  }

  /** It was said; the call begins now, or does not. */
  answered(counters: readonly Counter[], begins: boolean): void {
    for (const held of this.#each(counters)) {
      held.asked -= 1
      if (begins) held.calls += 1
      this.#forgetEmpty(held)
    }
  }

  /** A call begins without having been asked for. */
  began(counters: readonly Counter[]): void {
    for (const held of this.#each(counters)) held.calls += 1
  }

  ended(counters: readonly Counter[]): void {
    for (const held of this.#each(counters)) {
      held.calls = Math.max(0, held.calls - 1)
      this.#forgetEmpty(held)
    }
  }

  /** Says it of all. While a call is being asked for, only that those in flight still are. */
  async tell(): Promise<void> {
    const told = [...this.#held.values()].map(({ counter, calls, asked }) =>
      asked > 0 ? this.#shared.renew(counter) : this.#shared.hold(counter, calls * counter.cost),
    )
    await Promise.all(told)
  }

  *#each(counters: readonly Counter[]): Iterable<Held> {
    for (const counter of counters) {
      if (counter.kind !== 'concurrent') continue
      let held = this.#held.get(counter.name)
      if (held === undefined) {
        held = { counter, calls: 0, asked: 0 }
        this.#held.set(counter.name, held)
      }
      yield held
    }
  }

  #forgetEmpty({ counter, calls, asked }: Held): void {
    if (calls === 0 && asked === 0) this.#held.delete(counter.name)
  }
}

interface Held {
  readonly counter: Counter
  calls: number
  /** Of how many it is not known yet whether they begin. */
  asked: number
}
