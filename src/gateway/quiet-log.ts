import type { Clock } from '../lib/clock.ts'

/** How long one line about a kind of thing stands for all of them. */
const QUIET_MS = 10_000
/** Kinds remembered. */
const KINDS_MAX = 1_000

/**
 * Tells the operator of what may happen with each call: one line for each kind, then silence for ten seconds.
 *
 * The next line says how many there were meanwhile.
 */
export class QuietLog {
  readonly #warn: (what: string, detail: string) => void
  readonly #clock: Clock
  readonly #kinds = new Map<string, { quietUntilMs: number; unsaid: number }>()

  constructor(warn: (what: string, detail: string) => void, clock: Clock) {
    this.#warn = warn
    this.#clock = clock
  }

  tell(kind: string, what: string, detail: string): void {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#kinds.get(kind)
    if (known !== undefined && nowMs < known.quietUntilMs) {
      known.unsaid += 1
      return
    }
    if (this.#kinds.size >= KINDS_MAX) this.#kinds.clear()
    this.#kinds.set(kind, { quietUntilMs: nowMs + QUIET_MS, unsaid: 0 })
    const more = known === undefined || known.unsaid === 0 ? '' : `, and ${known.unsaid} times before`
    this.#warn(what, `${detail}${more}`)
  }
}
