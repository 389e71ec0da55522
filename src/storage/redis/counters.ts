import type { Counter, CounterTraits, Decision } from '../ports/counters.ts'
import type { SharedCounterStore, Trust } from '../ports/shared-counters.ts'
import { Batch } from './batch.ts'
import type { RedisConnection } from './connection.ts'
import { lowerCut } from './cut.ts'
import { PreparedCounters } from './prepared-counters.ts'
import { ScriptCall } from './script-call.ts'
import { LEASE_MS } from './script-kinds.ts'

/** Calls that one script may hold: Redis answers nobody else meanwhile. */
const BATCH_MAX = 200

export interface RedisCountersParts {
  readonly connection: RedisConnection
  /** Whose calls in flight are counted here: a name that no other thread of any node has, or had. */
  readonly holder: string
  /** How long an answer is waited for. */
  readonly answerMsMax: number
  /** Whether counts that were lost and not counted again yet are refused to be worked with. */
  readonly trust: 'checked' | 'any'
  /** For tests: `caller` decides at the caller's time; a number is added to the server's for billing periods. */
  readonly clock: 'caller' | number
  /** The clock of this node, to know how long ago what is restored was. */
  readonly nowMs: () => number
}

/**
 * Counters in Redis, for many nodes, by Redis' clock.
 *
 * All that is asked in one turn of the event loop travels together and is decided by one script. Moments
 * in a decision are by the caller's clock, as far from `nowMs` as Redis says: clocks may differ.
 */
export class RedisCounterStore implements SharedCounterStore {
  readonly traits: CounterTraits
  readonly leaseMs = LEASE_MS
  readonly #parts: RedisCountersParts
  readonly #prepared = new WeakMap<readonly Counter[], PreparedCounters>()
  /** What is asked in this turn: one batch, or one for each tenant of a cluster. */
  readonly #batches = new Map<string, Batch>()
  #scheduled: NodeJS.Immediate | undefined

  constructor(parts: RedisCountersParts) {
    this.#parts = parts
    this.traits = { shared: true, clock: parts.clock === 'caller' ? 'caller' : 'store' }
  }

  take(counters: readonly Counter[], nowMs: number): Promise<Decision> {
    return this.#decide('T', counters, nowMs)
  }

  peek(counters: readonly Counter[], nowMs: number): Promise<Decision> {
    return this.#decide('P', counters, nowMs)
  }

  async giveBack(counters: readonly Counter[]): Promise<void> {
    const { quotas } = this.#prepare(counters)
    if (quotas !== undefined) await this.#tell(quotas, quotas.operation('G'))
  }

  async release(counters: readonly Counter[]): Promise<void> {
    const { concurrent } = this.#prepare(counters)
    if (concurrent !== undefined) await this.#tell(concurrent, concurrent.operation('R'))
  }

  async restore(counter: Counter, atMs: number, amount: number, least?: number): Promise<void> {
    const prepared = this.#prepare([counter])
    const isCallers = this.#parts.clock === 'caller'
    const agoMs = isCallers ? 0 : Math.max(0, Math.round(this.#parts.nowMs() - atMs))
    const told = least === undefined ? [amount] : [amount, least]
    await this.#tell(prepared, prepared.operation('S', agoMs, ...told), atMs)
  }

  async hold(counter: Counter, calls: number): Promise<void> {
    const prepared = this.#prepare([counter])
    await this.#tell(prepared, prepared.operation('H', calls))
  }

  renew(counter: Counter): Promise<void> {
    return this.hold(counter, -1)
  }

  async check(sinceMs?: number): Promise<Trust> {
    const { connection, nowMs } = this.#parts
    const batch = new Batch({ ...this.#parts, trust: 'checked' }, '')
    // A replica, or a server without memory, can be read: that is of no use.
    batch.tell(WRITE)
    batch.send()
    try {
      await batch.done
      return 'trusted'
    } catch (error) {
      if (!batch.isDistrusted) throw error
      if (sinceMs !== undefined) await lowerCut(connection, Math.max(0, nowMs() - sinceMs))
      return 'distrusted'
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.connection.close()
  }

  #prepare(counters: readonly Counter[]): PreparedCounters {
    const known = this.#prepared.get(counters)
    if (known !== undefined) return known
    const prepared = new PreparedCounters(counters, this.#parts.connection.prefix)
    this.#prepared.set(counters, prepared)
    return prepared
  }

  #decide(what: 'T' | 'P', counters: readonly Counter[], nowMs: number): Promise<Decision> {
    if (counters.length === 0) return Promise.resolve(NOTHING_ASKED)
    const prepared = this.#prepare(counters)
    return new Promise((resolve, reject) => {
      const isTaken = what === 'T'
      const batch = this.#batchFor(prepared, nowMs)
      const operation = isTaken ? prepared.take : prepared.operation(what)
      batch.ask(operation, { prepared, isTaken, nowMs, resolve, reject })
      this.#added(batch)
    })
  }

  #tell(prepared: PreparedCounters, operation: ScriptCall, nowMs = this.#parts.nowMs()): Promise<void> {
    const batch = this.#batchFor(prepared, nowMs)
    batch.tell(operation)
    this.#added(batch)
    return batch.done
  }

  #batchFor({ firstKey }: PreparedCounters, nowMs: number): Batch {
    const { connection, clock } = this.#parts
    const group = connection.isCluster ? tenantIn(firstKey) : ''
    const open = this.#batches.get(group)
    if (open !== undefined && open.length < BATCH_MAX && clock !== 'caller') return open
    open?.send()
    const batch = new Batch(this.#parts, clock === 'caller' ? String(nowMs) : '')
    this.#batches.set(group, batch)
    return batch
  }

  #added(batch: Batch): void {
    if (this.#parts.clock === 'caller') {
      this.#batches.clear()
      batch.send()
    } else this.#scheduled ??= setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = undefined
    for (const batch of this.#batches.values()) batch.send()
    this.#batches.clear()
  }
}

/** Writes, and does nothing else. */
const WRITE = new ScriptCall().addWords(['["W",[]]'])

const NOTHING_ASKED: Decision = { outcome: 'admitted', remaining: [], resetAtMs: [], violated: [] }

/** What decides in a cluster where a key is: the part in braces. */
function tenantIn(key: string): string {
  return key.slice(0, key.indexOf('}'))
}
