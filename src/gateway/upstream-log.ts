import type { Clock } from '../lib/clock.ts'
import { QuietLog } from './quiet-log.ts'

/** Tells the operator why calls to an upstream fail, which clients are never told: one line for each upstream and reason at a time. */
export class UpstreamLog {
  readonly #log: QuietLog

  constructor(warn: (what: string, detail: string) => void, clock: Clock) {
    this.#log = new QuietLog(warn, clock)
  }

  failed({ apiId, url, error }: UpstreamFailure): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    const detail = `${url}: ${error.message} (${code})`
    this.#log.tell(`${apiId} ${url} ${code}`, `calls to the upstream of ${apiId} fail`, detail)
  }
}

export interface UpstreamFailure {
  readonly apiId: string
  /** The one of its upstreams. */
  readonly url: string
  readonly error: Error
}
