import type { Readable } from 'node:stream'

/** So much large bodies may move in one turn of the event loop, all together. */
const BYTES_A_TURN = 1_048_576
/** So much one of them may move once its turn has come: by the piece, each would find its memory cold. */
const BYTES_A_GO = 262_144
/**
 * So many are let go on in a turn. What comes of them is seen later only, for uploads: 2 MiB at most. With half as many, uploads
 * that nobody is beside got a seventh less.
 */
const GOING_MAX = 8
/** So much one may move in a turn that is spent: small answers, and what streams send now and then, wait for no turn. */
const BYTES_OF_SMALL = 16_384

/**
 * Has large bodies take turns, both ways, so that small calls do not wait for them.
 *
 * Of each connection Node reads up to 2 MiB before it looks at the next, and hands on all of it. Beside some that send as
 * fast as they can a turn of the event loop takes a tenth of a second, and a call needs four of them
 * (docs/decisions/0055).
 */
export class Turns {
  /** Moved in this turn of the event loop. */
  #bytes = 0
  #isScheduled = false
  /** Who may go on in this turn, and how far. */
  readonly #going = new Map<TurnTaker, number>()
  /** Who is next, in the order in which they stopped. */
  readonly #waiting = new Set<TurnTaker>()

  /** So many bytes were moved. False when `taker` has to stop, until it is told that its turn has come. */
  mayGoOn(taker: TurnTaker, bytes: number): boolean {
    this.#bytes += bytes
    this.#schedule()
    const go = this.#going.get(taker)
    if (go === undefined && this.#bytes < BYTES_A_TURN) return true
    const left = (go ?? BYTES_OF_SMALL) - bytes
    if (left > 0) {
      this.#going.set(taker, left)
      return true
    }
    this.#going.delete(taker)
    this.#waiting.add(taker)
    return false
  }

  /** It waits no more. */
  leave(taker: TurnTaker): void {
    this.#waiting.delete(taker)
  }

  /** Has one that is read whole take turns until it is closed. After whoever reads it listens. */
  pace(body: Readable): void {
    const taker = { itsTurn: () => void body.resume() }
    body.on('data', (piece: Buffer) => {
      if (!this.mayGoOn(taker, piece.length)) body.pause()
    })
    body.on('close', () => this.leave(taker))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#next)
  }

  readonly #next = (): void => {
    this.#isScheduled = false
    this.#bytes = 0
    this.#going.clear()
    for (const taker of this.#waiting) {
      // What was read of answers already is moved at once; what comes of them in this turn is to fit as well.
      if (this.#bytes >= BYTES_A_TURN / 4 || this.#going.size >= GOING_MAX) break
      this.#waiting.delete(taker)
      this.#going.set(taker, BYTES_A_GO)
      taker.itsTurn()
    }
    // Also for those of whom nothing came: a go ends with its turn of the loop, and nobody who ended is kept.
    if (this.#waiting.size > 0 || this.#going.size > 0) this.#schedule()
  }
}

/** Who moves much. */
export interface TurnTaker {
  /** It may go on. */
  itsTurn(): void
}
