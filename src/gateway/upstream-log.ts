import type { Clock } from '../lib/clock.ts'
import { QuietLog } from './quiet-log.ts'

/** Tells the operator why calls to an upstream fail, which clients are never told. */
export class UpstreamLog {
  readonly #log: QuietLog

  constructor(warn: (what: string, detail: string) => void, clock: Clock) {
    this.#log = new QuietLog(warn, clock)
  }

  failed(apiId: string, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    const detail = `${error.message} (${code})`
    this.#log.tell(`upstream ${apiId} ${code}`, `calls to the upstream of ${apiId} fail`, detail)
  }
}
