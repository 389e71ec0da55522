import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

/** A connection without a system below it: `push` is what its other end sends. */
export class MemorySocket extends Duplex {
  readonly #onWrite: (piece: Buffer) => void

  constructor(onWrite: (piece: Buffer) => void = () => {}) {
    super()
    this.#onWrite = onWrite
  }

  override _read(): void {}

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    done()
    this.#onWrite(piece)
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  setTimeout(): this {
    return this
  }
}

/** Until everything that is under way without a system has come to its end. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 40; turns += 1) await turn()
}
