import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { Period } from '../model/period.ts'

/** For how long an answer serves the next one who asks: nobody can make the ledger be read all the time. */
const FRESH_MS = 1_000
/** Tenants whose figures are kept. */
const KEPT_MAX = 1_000

/** What a gateway thread asks for; the answer comes with the same number. */
export interface FiguresRequest {
  readonly id: number
  readonly tenantId: string
  readonly period: Period
}

/** The figures of tenants, read elsewhere, for one gateway thread: asked for once a second and tenant. */
export class Figures {
  readonly #ask: (request: FiguresRequest) => void
  readonly #nowMs: () => number
  readonly #kept = new Map<string, Kept>()
  readonly #waiting = new Map<number, PromiseWithResolvers<UsageTotalsView>>()
  #lastId = 0

  constructor(ask: (request: FiguresRequest) => void, nowMs: () => number) {
    this.#ask = ask
    this.#nowMs = nowMs
  }

  /** Rejects when they cannot be read. */
  of(tenantId: string, period: Period): Promise<UsageTotalsView> {
    const nowMs = this.#nowMs()
    const kept = this.#kept.get(tenantId)
    if (kept !== undefined && nowMs - kept.atMs < FRESH_MS && kept.startMs === period.startMs)
      return kept.totals
    this.#lastId += 1
    const answer = Promise.withResolvers<UsageTotalsView>()
    this.#waiting.set(this.#lastId, answer)
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear()
    this.#kept.set(tenantId, { atMs: nowMs, startMs: period.startMs, totals: answer.promise })
    answer.promise.catch(() => this.#kept.delete(tenantId))
    this.#ask({ id: this.#lastId, tenantId, period })
    return answer.promise
  }

  /** The answer to a request; undefined when the figures cannot be read. */
  settle(id: number, totals: UsageTotalsView | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (totals === undefined) waiting?.reject(new Error('the ledger cannot be read'))
    else waiting?.resolve(totals)
  }
}

interface Kept {
  readonly atMs: number
  readonly startMs: number
  readonly totals: Promise<UsageTotalsView>
}
