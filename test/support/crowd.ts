import type { Turns, TurnTaker } from '../../src/gateway/turns.ts'

const MIB = 1024 * 1024
/** One of them has its turn in each turn of the event loop: more than a test takes. */
const MANY = 200_000

/** Those who spend each turn of a gateway and wait again: until they leave, who has to wait is not let go on. */
export class Crowd {
  readonly #turns: Turns
  readonly #takers: TurnTaker[] = []

  constructor(turns: Turns) {
    this.#turns = turns
    for (let count = 0; count < MANY; count += 1) {
      const taker = { itsTurn: () => void turns.mayGoOn(taker, MIB) }
      this.#takers.push(taker)
      turns.mayGoOn(taker, MIB)
    }
  }

  leave(): void {
    for (const taker of this.#takers) this.#turns.leave(taker)
  }
}
