import type { Clock } from '../lib/clock.ts'
import type { Held } from './meter.ts'

/** From one part to the next, as long as anything moves; looked at so often that it is never more than a second. */
const PART_MS = 800
const LOOK_MS = 200
/** From one part to the next while nothing moves: then only time goes by. */
const QUIET_MS = 60_000
/** After so many bytes a part is due at once. */
const PART_BYTES = 65_536
/** An answer that is no stream of events is not taken apart below this. */
const LONG_BYTES = 1_048_576
/** How far an answer may run ahead of its last durable part. */
const AHEAD_BYTES_MAX = 4 * PART_BYTES

/** An answer that takes long, as whoever sends it knows it. */
export interface LongSource {
  readonly startMonotonicMs: number
  /** A stream of events, or a WebSocket: of interest as it goes, not as a whole. */
  readonly isStream: boolean
  /** Bytes both ways so far. */
  bytesMoved(): number
  /** Hands a part of what came since the last one to the meter, which releases `held` once it is durable. */
  givePart(held: Held): void
  /** Stops and goes on, for the disk cannot keep up. */
  pause(): void
  resume(): void
}

/**
 * Meters one answer in parts while it goes on, so that a crash loses at most what came since the last one.
 *
 * A part is due each second in which anything moved, and each 64 KiB; not before the one before it is
 * durable. When the disk stops, so does the answer, before it is 256 KiB ahead.
 */
export class LongAnswer implements Held {
  readonly #source: LongSource
  readonly #watch: LongAnswers
  readonly #clock: Clock
  /** What the parts that were given say. */
  #movedBefore = 0
  /** What the durable ones of them say. */
  #durableBytes: number
  #dueAtBytes: number
  #lastMs: number
  /** A part is on its way to the disk. */
  #pending = false
  #paused = false
  #over = false

  constructor(source: LongSource, watch: LongAnswers, clock: Clock) {
    this.#source = source
    this.#watch = watch
    this.#clock = clock
    this.#lastMs = source.startMonotonicMs
    this.#dueAtBytes = source.isStream ? PART_BYTES : LONG_BYTES
    // It does not stop for the first part: that much of it is at stake until then anyway.
    this.#durableBytes = source.isStream ? 0 : LONG_BYTES
  }

  /** Bytes moved: `bytes` both ways so far. */
  moved(bytes: number): void {
    // What resumed may have come to its end meanwhile: its last event has all that came.
    if (this.#over) return
    if (!this.#pending && bytes >= this.#dueAtBytes) this.#give()
    if (this.#pending && !this.#paused && bytes - this.#durableBytes >= AHEAD_BYTES_MAX) {
      this.#paused = true
      this.#source.pause()
    }
  }

  /** Time went by. */
  look(nowMs: number): void {
    const ageMs = nowMs - this.#lastMs
    if (this.#pending || ageMs < PART_MS) return
    // What is no stream is one thing, whole or broken off, until it is large.
    if (!this.#source.isStream && this.#movedBefore === 0) return
    if (this.#source.bytesMoved() > this.#movedBefore || ageMs >= QUIET_MS) this.#give()
  }

  /** The part is durable. */
  release(): void {
    this.#pending = false
    this.#durableBytes = Math.max(this.#durableBytes, this.#movedBefore)
    if (this.#over) return
    if (this.#paused) {
      this.#paused = false
      this.#source.resume()
    }
    this.moved(this.#source.bytesMoved())
  }

  /** The answer is over: no part after this. */
  end(): void {
    this.#over = true
    this.#watch.remove(this)
  }

  #give(): void {
    this.#pending = true
    this.#movedBefore = this.#source.bytesMoved()
    this.#dueAtBytes = this.#movedBefore + PART_BYTES
    this.#lastMs = this.#clock.monotonicMs()
    this.#source.givePart(this)
  }
}

/** All answers of a thread that take long: looked at together, for a timer each would cost more. */
export class LongAnswers {
  readonly #clock: Clock
  readonly #answers = new Set<LongAnswer>()
  #timer: NodeJS.Timeout | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Watches an answer until its `end`. */
  watch(source: LongSource): LongAnswer {
    const answer = new LongAnswer(source, this, this.#clock)
    this.#answers.add(answer)
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref()
    return answer
  }

  remove(answer: LongAnswer): void {
    this.#answers.delete(answer)
    if (this.#answers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const answer of this.#answers) answer.look(nowMs)
  }
}
