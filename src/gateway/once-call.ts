import type { ClaimHolder } from '../storage/ports/kept-answers.ts'
import type { Ending } from './ending.ts'
import type { KeeperClient } from './keeper-client.ts'
import type { Held } from './meter.ts'

/**
 * A call that holds its `Idempotency-Key`: its answer is kept while it passes.
 *
 * The end of the answer leaves when its event is durable and then the answer is kept: who has the whole
 * answer gets it again. An answer that may differ next time is not kept, and its key is free again. Of a call that
 * broke off when it was on the bill the key is free too, but who comes with it is not billed again.
 */
export class OnceCall {
  /** An earlier call with the key broke off after it was on the bill. */
  readonly billedBefore: boolean
  readonly #holder: ClaimHolder
  readonly #parts: OnceCallParts
  #head: AnswerHead | undefined
  #pieces: Buffer[] = []
  #bytes = 0
  #whole = false
  #over = false
  #leave: (() => void) | undefined

  constructor(holder: ClaimHolder, billedBefore: boolean, parts: OnceCallParts) {
    this.#holder = holder
    this.billedBefore = billedBefore
    this.#parts = parts
  }

  /** Whether its answer so far is none that is too large to be kept. */
  get fits(): boolean {
    return this.#bytes <= this.#parts.answerBytesMax
  }

  /**
   * The client left: whether the call is brought to its end all the same, for the next one to find the answer.
   * `leave` ends it when a drain cannot wait any longer.
   */
  clientLeft(leave: () => void): boolean {
    if (!this.fits || this.#parts.isDraining()) return false
    this.#leave = leave
    this.#parts.outliving.add(leave)
    return true
  }

  /** The head of the answer, as the upstream gave it. */
  begin(status: number, statusText: string | undefined, fields: readonly string[]): void {
    this.#head = { status, statusText: statusText ?? null, fields: [...fields] }
  }

  /** A piece of its body. */
  piece(bytes: Buffer): void {
    this.#bytes += bytes.length
    if (this.fits) this.#pieces.push(bytes)
    else this.#pieces = []
  }

  /** The answer came to its end. */
  complete(): void {
    this.#whole = true
  }

  /** The call is over, and on the bill or not: what its event, once durable, lets go. */
  finish({ outcome }: Ending, billed: boolean, held: Held | undefined): Held | undefined {
    const head = this.#head
    const finished = outcome === 'ok' || outcome === 'client_aborted'
    if (!finished || !this.#whole || !this.fits || head === undefined || !isFinal(head.status)) {
      // What came whole and is not kept, or may go better next time, is a new call each time (docs/decisions/0014).
      this.#giveBack(billed && outcome !== 'ok' && (head === undefined || isFinal(head.status)))
      return held
    }
    this.#end()
    const { keeper, keepMs, requestId } = this.#parts
    const answer = { ...head, requestId, body: Buffer.concat(this.#pieces) }
    const letGo = (): void => held?.release()
    // Not kept, it is answered all the same: the operator hears of it from the keeper.
    return { release: () => void keeper.keep(this.#holder, answer, keepMs).then(letGo, letGo) }
  }

  /** Nothing came of it that could be given again: the key is free. */
  abandon(): void {
    this.#giveBack(false)
  }

  /** `billed`: the call is on the bill, and the next one with the key must not be billed again. */
  #giveBack(billed: boolean): void {
    if (this.#over) return
    this.#end()
    const { keeper, keepMs } = this.#parts
    if (billed) keeper.releaseBilled(this.#holder, keepMs)
    else keeper.release(this.#holder)
  }

  #end(): void {
    this.#over = true
    if (this.#leave !== undefined) this.#parts.outliving.delete(this.#leave)
  }
}

export interface OnceCallParts {
  readonly keeper: KeeperClient
  readonly keepMs: number
  readonly answerBytesMax: number
  /** Of the request, for its answer to be found by. */
  readonly requestId: string
  readonly isDraining: () => boolean
  /** What ends the calls that go on though their clients left. */
  readonly outliving: Set<() => void>
}

interface AnswerHead {
  readonly status: number
  readonly statusText: string | null
  readonly fields: readonly string[]
}

/** Whether the same request would be answered alike: faults pass, and so does what asks to wait. */
function isFinal(status: number): boolean {
  return status >= 200 && status < 500 && !PASSING.has(status)
}

/** Request Timeout, Conflict, Too Early, Too Many Requests. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429])
