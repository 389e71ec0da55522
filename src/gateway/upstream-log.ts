import type { Clock } from '../lib/clock.ts'

/** How long one line about a kind of failure stands for all of them. */
const QUIET_MS = 10_000
/** Kinds remembered. */
const KINDS_MAX = 1_000

/**
 * Tells the operator why calls to an upstream fail, which clients are never told.
 *
 * One line for each upstream and reason, then silence for ten seconds; the next line says how many there were.
 */
export class UpstreamLog {
  readonly #warn: (what: string, detail: string) => void
  readonly #clock: Clock
  readonly #kinds = new Map<string, { quietUntilMs: number; unsaid: number }>()

  constructor(warn: (what: string, detail: string) => void, clock: Clock) {
    this.#warn = warn
    this.#clock = clock
  }

  failed({ apiId, url, error }: UpstreamFailure): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    const nowMs = this.#clock.monotonicMs()
    const kind = `${apiId} ${url} ${code}`
    const known = this.#kinds.get(kind)
    if (known !== undefined && nowMs < known.quietUntilMs) {
      known.unsaid += 1
      return
    }
    if (this.#kinds.size >= KINDS_MAX) this.#kinds.clear()
    this.#kinds.set(kind, { quietUntilMs: nowMs + QUIET_MS, unsaid: 0 })
    const more = known === undefined || known.unsaid === 0 ? '' : `, and ${known.unsaid} times before`
    this.#warn(`calls to the upstream of ${apiId} fail`, `${url}: ${error.message} (${code})${more}`)
  }
}

export interface UpstreamFailure {
  readonly apiId: string
  /** The one of its upstreams. */
  readonly url: string
  readonly error: Error
}
