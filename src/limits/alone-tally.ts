import type { OnStoreFailure } from '../model/plan.ts'

/** Calls of one tenant that were decided without the shared counts. */
export interface AloneCalls {
  readonly tenantId: string
  readonly mode: OnStoreFailure
  readonly admitted: number
  readonly refused: number
  readonly fromMs: number
  readonly toMs: number
}

/** Counts what was decided without the shared counts, by tenant: a line each, however many calls. */
export class AloneTally {
  #calls = new Map<string, Mutable<AloneCalls>>()

  decided(tenantId: string, mode: OnStoreFailure, isAdmitted: boolean, nowMs: number): void {
    const counts = isAdmitted ? { admitted: 1, refused: 0 } : { admitted: 0, refused: 1 }
    this.add({ tenantId, mode, ...counts, fromMs: nowMs, toMs: nowMs })
  }

  add(calls: AloneCalls): void {
    const key = `${calls.mode}\t${calls.tenantId}`
    const known = this.#calls.get(key)
    if (known === undefined) {
      this.#calls.set(key, { ...calls })
      return
    }
    known.admitted += calls.admitted
    known.refused += calls.refused
    known.fromMs = Math.min(known.fromMs, calls.fromMs)
    known.toMs = Math.max(known.toMs, calls.toMs)
  }

  /** All since the last time. */
  drain(): readonly AloneCalls[] {
    if (this.#calls.size === 0) return []
    const drained = [...this.#calls.values()]
    this.#calls = new Map()
    return drained
  }
}

type Mutable<Type> = { -readonly [Field in keyof Type]: Type[Field] }
