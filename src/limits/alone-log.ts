import type { AuditStore } from '../storage/ports/audit.ts'
import { type AloneCalls, AloneTally } from './alone-tally.ts'

/** How long calls are gathered before they are written down. */
const WRITE_MS = 10_000

/** The action under which they are found. */
export const ALONE_ACTION = 'limits.degraded'

/** Writes down which calls were decided without the counts that nodes share: a row for each tenant and 10 seconds. */
export class AloneLog {
  /** What is counted here is written. */
  readonly tally = new AloneTally()
  readonly #parts: AloneLogParts
  readonly #writing: NodeJS.Timeout
  #last: Promise<void> = Promise.resolve()

  constructor(parts: AloneLogParts) {
    this.#parts = parts
    this.#writing = setInterval(() => void this.write(), WRITE_MS).unref()
  }

  add(calls: readonly AloneCalls[]): void {
    for (const each of calls) this.tally.add(each)
  }

  /** Writes what was gathered. Kept for later when it cannot be written. */
  write(): Promise<void> {
    this.#last = this.#last.then(() => this.#write())
    return this.#last
  }

  async stop(): Promise<void> {
    clearInterval(this.#writing)
    await this.write()
  }

  async #write(): Promise<void> {
    const { audit, nodeId, nowMs, onError } = this.#parts
    const drained = [...this.tally.drain()]
    try {
      for (let calls = drained[0]; calls !== undefined; calls = drained[0]) {
        const { tenantId, ...detail } = calls
        const subject = `tenant:${tenantId}`
        await audit.insert({
          ...{ atMs: nowMs(), actor: 'gatez', action: ALONE_ACTION, subject },
          detail: { ...detail, nodeId },
        })
        drained.shift()
      }
    } catch (error) {
      this.add(drained)
      onError(error)
    }
  }
}

export interface AloneLogParts {
  readonly audit: AuditStore
  readonly nodeId: string
  readonly nowMs: () => number
  readonly onError: (error: unknown) => void
}
