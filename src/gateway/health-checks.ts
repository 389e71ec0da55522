import type { Agent } from 'undici'
import { type Api, type HealthCheck, statusCounts } from '../model/api.ts'
import { sameUpstream, type TargetHealth } from './upstreams.ts'

/** How much of an answer is read: more says no more. */
const BODY_BYTES_MAX = 65_536

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

  /**
   * Asks the upstreams of these apis from now on, from the beginning.
   *
   * Of those that lead where they led gatez knows already how they are, and goes on asking.
   */
  replaceApis(apis: readonly Api[]): void {
    const before = this.#probes
    this.#probes = apis.flatMap((api) => {
      const kept = before.filter((probe) => sameUpstream(probe.api, api) && probe.api.id === api.id)
      if (kept.length > 0 || api.health === null) return kept
      const { health, upstreams } = api
      return upstreams.map((url) => new Probe(api, url, health, this.#onChange))
    })
    for (const probe of before) if (!this.#probes.includes(probe)) probe.stop()
  }

  stop(): void {
    for (const probe of this.#probes) probe.stop()
    this.#probes = []
  }
}

/** The questions to one upstream. */
class Probe {
  readonly api: Api
  readonly #url: string
  readonly #health: HealthCheck
  readonly #onChange: (health: TargetHealth, why: string) => void
  #agent: Agent | undefined
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
    this.api = api
    this.#url = url
    this.#health = health
    this.#onChange = onChange
    // The first at once: what was down before the start is found soon.
    this.#timer = setTimeout(() => void this.#ask(), 0).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    void this.#agent?.destroy()
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
    const { secret } = this.api
    try {
      // Loaded here: a gateway that asks no upstream how it is needs a part of it only.
      const { httpClient } = await import('../lib/http-client.ts')
      this.#agent ??= new httpClient.Agent(agentOptions(this.api, timeoutMs))
      const { statusCode, body } = await httpClient.request(this.#url + path, {
        dispatcher: this.#agent,
        // An upstream that answers no one but gatez must know that it is.
        headers: secret === null ? {} : { [secret.header]: secret.value },
        signal: AbortSignal.timeout(timeoutMs),
      })
      let bytes = 0
      // Leaving early ends the connection, which was for this question alone.
      for await (const piece of body) {
        bytes += Buffer.byteLength(piece)
        if (bytes > BODY_BYTES_MAX) break
      }
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
    this.#onChange({ apiId: this.api.id, url: this.#url, healthy }, problem ?? 'it answers as it should')
  }
}

function agentOptions({ tls }: Api, timeoutMs: number): Agent.Options {
  const { ca, cert, key, serverName } = tls ?? { ca: null, cert: null, key: null, serverName: null }
  return {
    connections: 1,
    allowH2: false,
    // Each question finds out whether it takes connections, too.
    pipelining: 0,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: timeoutMs,
      ...(ca !== null && { ca }),
      ...(cert !== null && { cert }),
      ...(key !== null && { key }),
      ...(serverName !== null && { servername: serverName }),
    },
  }
}
