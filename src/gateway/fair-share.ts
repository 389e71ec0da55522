/** So many callers that wait are compared, those that have waited longest: more would cost more than they gain. */
const COMPARED_MAX = 32
/** So many callers that have nothing are kept: forgetting each as it is done costs more than all else here. */
const IDLE_MAX = 1_000

/**
 * Shares a few places out among callers, of whom each may want many.
 *
 * Who has fewest of them is next: one caller who holds on to all he gets holds up nobody else. Among equals it is
 * who has waited longest, and one caller's calls are served in their order.
 */
export class FairShare<Call> {
  /** Those who have a place or wait for one, and some who had. */
  #callers = new Map<string, Caller<Call>>()
  #callersMax = IDLE_MAX
  /** Those who wait, the one who was served least recently first. */
  readonly #waiting = new Set<Caller<Call>>()
  /** All that wait, in their order. */
  readonly #inOrder = new Set<Waiting<Call>>()

  /** Calls that wait. */
  get size(): number {
    return this.#inOrder.size
  }

  /** The caller gets a place, which is given back by `release`. */
  take(name: string): Share {
    const caller = this.#callerOf(name)
    caller.held += 1
    return caller
  }

  release(share: Share): void {
    share.held -= 1
  }

  wait(name: string, call: Call): void {
    const caller = this.#callerOf(name)
    const waiting = { name, call }
    caller.calls.push(waiting)
    this.#waiting.add(caller)
    this.#inOrder.add(waiting)
  }

  /** Takes out the call that is next; undefined when none waits. */
  next(): Waiting<Call> | undefined {
    return this.#takeOut(this.#poorest())
  }

  /** Takes out the call that has waited longest, whoever is next. */
  oldest(): Waiting<Call> | undefined {
    const [oldest] = this.#inOrder
    return oldest && this.#takeOut(this.#callers.get(oldest.name))
  }

  #takeOut(caller: Caller<Call> | undefined): Waiting<Call> | undefined {
    const waiting = caller?.calls.shift()
    if (caller === undefined || waiting === undefined) return undefined
    this.#inOrder.delete(waiting)
    this.#waiting.delete(caller)
    if (caller.calls.length > 0) this.#waiting.add(caller)
    return waiting
  }

  #poorest(): Caller<Call> | undefined {
    let poorest: Caller<Call> | undefined
    let compared = 0
    for (const caller of this.#waiting) {
      if (poorest === undefined || caller.held < poorest.held) poorest = caller
      compared += 1
      if (poorest.held === 0 || compared === COMPARED_MAX) break
    }
    return poorest
  }

  #callerOf(name: string): Caller<Call> {
    const known = this.#callers.get(name)
    if (known !== undefined) return known
    if (this.#callers.size >= this.#callersMax) this.#forgetIdle()
    const caller = { name, held: 0, calls: [] }
    this.#callers.set(name, caller)
    return caller
  }

  #forgetIdle(): void {
    const busy = [...this.#callers].filter(([, { held, calls }]) => held > 0 || calls.length > 0)
    this.#callers = new Map(busy)
    this.#callersMax = busy.length + IDLE_MAX
  }
}

/** What a caller holds. */
export interface Share {
  readonly name: string
  held: number
}

/** A call, and whose it is. */
export interface Waiting<Call> {
  readonly name: string
  readonly call: Call
}

interface Caller<Call> extends Share {
  /** Those that wait, in their order. */
  readonly calls: Waiting<Call>[]
}
