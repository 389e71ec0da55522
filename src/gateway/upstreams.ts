import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../model/api.ts'
import { RetryBudget } from './retry-budget.ts'
import { type UpstreamParts, UpstreamTarget } from './upstream-target.ts'

/** Where the calls of one api go. */
export class Upstream {
  readonly api: Api
  readonly targets: readonly UpstreamTarget[]
  readonly retries = new RetryBudget()
  #next = 0

  constructor(api: Api, parts: UpstreamParts) {
    this.api = api
    this.targets = api.upstreams.map((url) => new UpstreamTarget(url, api, parts))
  }

  /**
   * The target of the next call; undefined when none takes calls.
   *
   * One after the other, or the one with the fewest calls pending; those in `tried` only when there is no
   * other. `nowMs` is a monotonic clock's.
   */
  choose(nowMs: number, tried: readonly UpstreamTarget[] = []): UpstreamTarget | undefined {
    const { targets } = this
    let best: UpstreamTarget | undefined
    const start = this.#next
    for (let step = 0; step < targets.length; step += 1) {
      const index = (start + step) % targets.length
      const target = targets[index]
      if (target === undefined || !target.takesCalls(nowMs)) continue
      if (best !== undefined && !this.#isBetter(target, best, tried)) continue
      best = target
      this.#next = index + 1
    }
    return best
  }

  /** Seconds until one may take calls again, 1 or more. Only when none does. */
  opensInSeconds(nowMs: number): number {
    let soonestMs = Number.POSITIVE_INFINITY
    for (const target of this.targets) {
      // When one that does not answer our questions will again, the next question may tell.
      const waitMs = target.healthy ? target.opensAtMs - nowMs : (this.api.health?.everyMs ?? 0)
      soonestMs = Math.min(soonestMs, waitMs)
    }
    return Math.max(1, Math.ceil(soonestMs / 1000))
  }

  #isBetter(target: UpstreamTarget, best: UpstreamTarget, tried: readonly UpstreamTarget[]): boolean {
    const [isTried, bestIsTried] = [tried.includes(target), tried.includes(best)]
    if (isTried !== bestIsTried) return bestIsTried
    return this.api.balance === 'least-pending' && target.pending < best.pending
  }
}

/**
 * The connections to the upstreams: pools of each api's own, never shared between two.
 *
 * An answer that strays on a connection can then only reach a client of the same api.
 */
export class Upstreams {
  readonly #parts: UpstreamParts
  readonly #upstreams = new Map<string, Upstream>()

  constructor(parts: UpstreamParts) {
    this.#parts = parts
  }

  of(api: Api): Upstream {
    let upstream = this.#upstreams.get(api.id)
    if (upstream === undefined) {
      upstream = new Upstream(api, this.#parts)
      this.#upstreams.set(api.id, upstream)
    }
    return upstream
  }

  /** What gatez's own questions found out about a target. */
  setHealth({ apiId, url, healthy }: TargetHealth): void {
    const target = this.#upstreams.get(apiId)?.targets.find((one) => one.url === url)
    if (target !== undefined) target.healthy = healthy
  }

  /** Puts other apis in force. Those that lead where they led keep their connections. */
  replaceApis(apis: readonly Api[]): void {
    for (const [id, upstream] of this.#upstreams) {
      const api = apis.find((one) => one.id === id)
      if (api !== undefined && sameUpstream(api, upstream.api)) continue
      this.#upstreams.delete(id)
      // Calls in flight on them end as they would have.
      for (const { pool } of upstream.targets) pool.close()
    }
    // Made now, so that what is said of their health finds them.
    for (const api of apis) this.of(api)
  }

  async close(): Promise<void> {
    const pools = [...this.#upstreams.values()].flatMap(({ targets }) => targets.map(({ pool }) => pool))
    await Promise.all(pools.map((pool) => pool.destroy()))
  }
}

export interface TargetHealth {
  readonly apiId: string
  readonly url: string
  readonly healthy: boolean
}

/** Whether two entries of a file lead to the same targets in the same way: what is known of them stays true. */
export function sameUpstream(left: Api, right: Api): boolean {
  return PARTS.every((part) => isDeepStrictEqual(left[part], right[part]))
}

/** What of an api its connections and what is known of them depend on. */
const PARTS = [
  'upstreams',
  'balance',
  'connectionsMax',
  'health',
  'breaker',
  'secret',
  'tls',
  'connectMs',
] as const
