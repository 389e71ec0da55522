import type { ControlClient } from '../control/client.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { type BoardData, NOTHING_YET } from './board-data.ts'
import { FEEDS, type Feed, type Wish } from './feeds.ts'

/** Changes within so short a time are told of once. */
const TELL_EVERY_MS = 100
/** A question whose answer takes long is asked again after so many times as long: the rest of the time is for others. */
const REST = 10

/**
 * Reads what the dashboard shows, again and again, and tells who listens.
 *
 * Holds the last answer to each question and nothing else, so it stays as large as what is shown, however long
 * it runs. What cannot be read stays as it was, with a word on it in `problems`.
 */
export class Board {
  readonly #client: ControlClient
  readonly #clock: Clock
  readonly #states: readonly FeedState[]
  readonly #listeners = new Set<() => void>()
  #wish: Wish
  #data = NOTHING_YET
  #telling: NodeJS.Timeout | undefined
  #isPaused = false
  #isStopped = false

  constructor({ client, clock, wish }: BoardParts) {
    this.#client = client
    this.#clock = clock
    this.#wish = wish
    this.#states = FEEDS.map((feed) => ({ feed, timer: undefined, reading: undefined }))
  }

  readonly current = (): BoardData => this.#data

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins to read. */
  start(): void {
    this.refresh()
  }

  /** Says what is shown from now on; what was not asked for before is read at once. */
  want(wish: Wish): void {
    const before = this.#wish
    this.#wish = wish
    for (const state of this.#states) {
      const wanted = state.feed.wanted(wish)
      if (wanted !== undefined && wanted !== state.feed.wanted(before)) this.#schedule(state, 0)
    }
  }

  /** Reads everything now. */
  refresh(): void {
    for (const state of this.#states) this.#schedule(state, 0)
  }

  /** While paused nothing is read, and what is shown stands still. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (!isPaused) this.refresh()
  }

  /** Reads all that is wanted, once. Throws what is wrong when nothing at all can be read. */
  async readOnce(): Promise<BoardData> {
    const wanted = this.#states.filter(({ feed }) => feed.wanted(this.#wish) !== undefined)
    const [first, ...others] = wanted
    if (first !== undefined) {
      const found = await first.feed.read(this.#client, this.#wish)
      this.#data = { ...this.#data, ...found, atMs: this.#clock.nowMs() }
    }
    await Promise.all(others.map((state) => this.#read(state)))
    return this.#data
  }

  stop(): void {
    this.#isStopped = true
    for (const { timer } of this.#states) clearTimeout(timer)
    clearTimeout(this.#telling)
    this.#listeners.clear()
  }

  #schedule(state: FeedState, afterMs: number): void {
    clearTimeout(state.timer)
    if (this.#isStopped) return
    state.timer = setTimeout(() => void this.#readAgain(state), afterMs)
  }

  async #readAgain(state: FeedState): Promise<void> {
    if (this.#isPaused || state.feed.wanted(this.#wish) === undefined) return
    const beganMs = this.#clock.monotonicMs()
    await this.#read(state)
    const tookMs = this.#clock.monotonicMs() - beganMs
    this.#schedule(state, Math.max(state.feed.everyMs, tookMs * REST))
  }

  /** One reading at a time: whoever asks meanwhile waits for a reading of what is wanted then. */
  async #read(state: FeedState): Promise<void> {
    await state.reading
    state.reading = this.#readNow(state.feed)
    await state.reading
  }

  async #readNow(feed: Feed): Promise<void> {
    const wish = this.#wish
    const wanted = feed.wanted(wish)
    if (wanted === undefined) return
    try {
      const found = await feed.read(this.#client, wish)
      if (feed.wanted(this.#wish) !== wanted) return
      this.#change({ ...found, problems: without(this.#data.problems, feed.name) })
    } catch (error) {
      const problems = new Map(this.#data.problems)
      problems.set(feed.name, error instanceof GatezError ? error.message : String(error))
      this.#change({ problems })
    }
  }

  #change(found: Partial<BoardData>): void {
    if (this.#isPaused || this.#isStopped) return
    this.#data = { ...this.#data, ...found, atMs: this.#clock.nowMs() }
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      for (const listener of this.#listeners) listener()
    }, TELL_EVERY_MS)
  }
}

export interface BoardParts {
  readonly client: ControlClient
  readonly clock: Clock
  readonly wish: Wish
}

interface FeedState {
  readonly feed: Feed
  timer: NodeJS.Timeout | undefined
  reading: Promise<void> | undefined
}

function without(problems: ReadonlyMap<string, string>, name: string): ReadonlyMap<string, string> {
  if (!problems.has(name)) return problems
  const left = new Map(problems)
  left.delete(name)
  return left
}
