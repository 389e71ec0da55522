import { fileURLToPath } from 'node:url'
import { Child } from './child.ts'
import { LOAD_CPU } from './places.ts'

/** Calls at a steady rate, whatever the answers do. */
export interface RateLoad {
  readonly name: string
  readonly port: number
  readonly path: string
  readonly host?: string
  readonly key?: string | undefined
  /** In place of one path and key: one of each, at random. */
  readonly paths?: readonly string[]
  readonly keys?: readonly string[]
  /** In place of a key: for the control API. */
  readonly token?: string
  readonly perSecond: number
  /** How many are kept open; a call waits when all of them are busy. */
  readonly connections: number
}

/** What a load saw since it was last asked. */
export interface RateFigures {
  readonly calls: number
  /** From the moment a call was due to the last byte of its answer. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly msMax: number
  /** p99 of the calls that were due in each second. */
  readonly p99MsOfSeconds: readonly number[]
  /** How many answers had which status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Calls whose connection broke. */
  readonly broken: number
  /** Calls that were due and have no answer yet. */
  readonly waiting: number
}

/** Well-behaved clients in a process of their own, so that nothing the bench does delays them. */
export class RateClient implements AsyncDisposable {
  readonly #child: Child

  private constructor(child: Child) {
    this.#child = child
  }

  /** Connects all loads, without calling yet. `yields`: it gets what others leave of the processor. */
  static async start(loads: readonly RateLoad[], { yields = false } = {}): Promise<RateClient> {
    const script = fileURLToPath(new URL('rate-client-process.ts', import.meta.url))
    const child = Child.start([process.execPath, script, JSON.stringify(loads)], {
      cpu: LOAD_CPU,
      yields,
      channel: true,
    })
    await child.prints(/ready/)
    return new RateClient(child)
  }

  /** Begins to call. */
  begin(): void {
    this.#child.tell('begin')
  }

  /** Makes no more calls. Those under way count with the time they took until now. */
  async end(): Promise<readonly RateFigures[]> {
    return (await this.#child.ask('end')) as readonly RateFigures[]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]()
  }
}
