import { Agent, request } from 'undici'
import { type Api, type HealthCheck, statusCounts } from '../model/api.ts'
import type { TargetHealth } from './upstreams.ts'

/**
 * Asks upstreams, ever again, whether they are well, for all gateway threads at once.
 *
 * One counts as well until it was not, `unhealthy_after` times in a row. Only changes are told.
 */
export class HealthChecks {
  readonly #onChange: (health: TargetHealth, why: string) => void
  #probes: Probe[] = []

  constructor(onChange: (health: TargetHealth, why: string) => void) {
    this.#onChange = onChange
  }

  /** Asks the upstreams of these apis from now on, from the beginning. */
  replaceApis(apis: readonly Api[]): void {
    this.stop()
    this.#probes = apis.flatMap((api) => {
      const { health } = api
      return health === null ? [] : api.upstreams.map((url) => new Probe(api, url, health, this.#onChange))
    })
  }

  stop(): void {
    for (const probe of this.#probes) probe.stop()
    this.#probes = []
  }
}

/** The questions to one upstream. */
class Probe {
  readonly #api: Api
  readonly #url: string
  readonly #health: HealthCheck
  readonly #onChange: (health: TargetHealth, why: string) => void
  readonly #agent: Agent
  #timer: NodeJS.Timeout
  #healthy = true
  /** Answers in a row that say the opposite. */
  #opposed = 0
  #stopped = false

  constructor(
    api: Api,
    url: string,
    health: HealthCheck,
    onChange: (health: TargetHealth, why: string) => void,
  ) {
    this.#api = api
    this.#url = url
    this.#health = health
    this.#onChange = onChange
    const { timeoutMs } = health
    const { ca, cert, key, serverName } = api.tls ?? { ca: null, cert: null, key: null, serverName: null }
    this.#agent = new Agent({
      connections: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: {
        timeout: timeoutMs,
        ...(ca !== null && { ca }),
        ...(cert !== null && { cert }),
        ...(key !== null && { key }),
        ...(serverName !== null && { servername: serverName }),
      },
    })
    // The first at once: what was down before the start is found soon.
    this.#timer = setTimeout(() => void this.#ask(), 0).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    void this.#agent.destroy()
  }

  async #ask(): Promise<void> {
    const problem = await this.#problem()
    if (this.#stopped) return
    this.#learn(problem)
    this.#timer = setTimeout(() => void this.#ask(), this.#health.everyMs).unref()
  }

  /** What is wrong; undefined when nothing is. */
  async #problem(): Promise<string | undefined> {
    const { path, timeoutMs, statuses } = this.#health
    try {
      const { statusCode, body } = await request(this.#url + path, {
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeoutMs),
      })
      await body.dump()
      return statusCounts(statuses, statusCode) ? undefined : `it answered ${statusCode}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #learn(problem: string | undefined): void {
    const healthy = problem === undefined
    if (healthy === this.#healthy) {
      this.#opposed = 0
      return
    }
    this.#opposed += 1
    if (this.#opposed < (healthy ? this.#health.healthyAfter : this.#health.unhealthyAfter)) return
    this.#healthy = healthy
    this.#opposed = 0
    this.#onChange({ apiId: this.#api.id, url: this.#url, healthy }, problem ?? 'it answers as it should')
  }
}
