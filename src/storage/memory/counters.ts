import { stepAt } from '../../limits/window.ts'
import type { Counter, CounterTraits, Decision, LocalCounterStore } from '../ports/counters.ts'
import { CounterTable, R_BASE, R_KIND, R_UNTIL, R_USED, R_VALUE, R_WINDOW } from './counter-table.ts'
import {
  appendMoments,
  blocksFor,
  blocksForOne,
  firstMomentMs,
  forgetMoments,
  momentWithRoomMs,
  readMoments,
} from './moments.ts'
import {
  addToStep,
  forgetSteps,
  oldestStepFreesAtMs,
  readSteps,
  startSteps,
  stepWithRoomMs,
} from './steps.ts'

const KIND_LOG = 1
const KIND_STEPS = 2
const KIND_QUOTA = 3
const KIND_CONCURRENT = 4
const KINDS = { log: KIND_LOG, steps: KIND_STEPS, quota: KIND_QUOTA, concurrent: KIND_CONCURRENT } as const
/** How long who finds no room among calls in flight is asked to wait. */
const CONCURRENT_WAIT_MS = 1000
/** So long past its end a quota's period is kept: for calls that end late, and for a clock that is set back. */
const QUOTA_KEPT_MS = 3_600_000
const SWEEP_BUCKETS = 4

/** Counters in memory that all gateway threads of this process share. */
export class MemoryCounterStore implements LocalCounterStore {
  readonly traits: CounterTraits = { shared: false, clock: 'caller' }
  readonly #table: CounterTable
  readonly #records: number[] = []

  constructor(memory: SharedArrayBuffer) {
    this.#table = new CounterTable(memory)
  }

  take(counters: readonly Counter[], nowMs: number): Decision {
    const first = counters[0]
    if (first === undefined) return { outcome: 'admitted', remaining: [], resetAtMs: [], violated: [] }
    const at = this.#shardOf(first)
    this.#table.lock(at)
    const decision = this.#decide(at, counters, this.#table.advance(at, nowMs))
    this.#table.unlock(at)
    return decision
  }

  peek(counters: readonly Counter[], nowMs: number): Decision {
    const first = counters[0]
    if (first === undefined) return { outcome: 'admitted', remaining: [], resetAtMs: [], violated: [] }
    const at = this.#shardOf(first)
    this.#table.lock(at)
    const shardMs = this.#table.advance(at, nowMs)
    const decision = this.#prepareAll(at, counters, shardMs) ? this.#describe(counters, shardMs, []) : FULL
    this.#table.unlock(at)
    return decision
  }

  giveBack(counters: readonly Counter[]): void {
    for (const counter of counters) {
      if (counter.kind !== 'quota') continue
      const at = this.#shardOf(counter)
      this.#table.lock(at)
      const record = this.#table.find(at, counter.hash0, counter.hash1, counter.hash2)
      if (record !== -1) {
        this.#setDouble(record, R_VALUE, Math.max(0, this.#double(record, R_VALUE) - counter.cost))
      }
      this.#table.unlock(at)
    }
  }

  release(counters: readonly Counter[]): void {
    for (const counter of counters) {
      if (counter.kind !== 'concurrent') continue
      const at = this.#shardOf(counter)
      this.#table.lock(at)
      const record = this.#table.find(at, counter.hash0, counter.hash1, counter.hash2)
      if (record !== -1 && this.#table.get(record + R_KIND) === KIND_CONCURRENT) {
        const left = Math.max(0, this.#double(record, R_VALUE) - counter.cost)
        this.#setDouble(record, R_VALUE, left)
        // What holds nothing may go when room is needed.
        if (left === 0) this.#setDouble(record, R_UNTIL, 0)
      }
      this.#table.unlock(at)
    }
  }

  restore(counter: Counter, atMs: number, amount: number, least?: number): void {
    const at = this.#shardOf(counter)
    this.#table.lock(at)
    const record = this.#prepare(at, counter, this.#table.advance(at, atMs))
    if (record !== -1 && this.#table.blocksLeft(at) >= blocksForOne(counter, amount)) {
      const missing = least === undefined ? amount : Math.min(amount, least - this.#used(record))
      if (least === undefined || missing > 0) this.#add(at, record, counter, atMs, missing)
    }
    this.#table.unlock(at)
  }

  count(counters: readonly Counter[], nowMs: number): void {
    const first = counters[0]
    if (first === undefined) return
    const at = this.#shardOf(first)
    this.#table.lock(at)
    const shardMs = this.#table.advance(at, nowMs)
    for (const counter of counters) {
      const record = this.#prepare(at, counter, shardMs)
      if (record === -1 || this.#table.blocksLeft(at) < blocksForOne(counter, counter.cost)) continue
      this.#add(at, record, counter, nowMs, counter.cost)
    }
    this.#table.unlock(at)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #decide(at: number, counters: readonly Counter[], nowMs: number): Decision {
    if (!this.#prepareAll(at, counters, nowMs) || !this.#table.hasBlocks(at, counters.length, nowMs))
      return FULL
    const violated: number[] = []
    for (let index = 0; index < counters.length; index += 1) {
      const counter = counters[index]
      const record = this.#records[index]
      if (counter === undefined || record === undefined) continue
      if (this.#used(record) + counter.cost > counter.amount) violated.push(index)
    }
    return violated.length === 0
      ? this.#admit(at, counters, nowMs)
      : this.#describe(counters, nowMs, violated)
  }

  #admit(at: number, counters: readonly Counter[], nowMs: number): Decision {
    const remaining: number[] = []
    const resetAtMs: number[] = []
    for (let index = 0; index < counters.length; index += 1) {
      const counter = counters[index]
      const record = this.#records[index]
      if (counter === undefined || record === undefined) continue
      this.#add(at, record, counter, nowMs, counter.cost)
      remaining.push(Math.max(0, counter.amount - this.#used(record)))
      resetAtMs.push(this.#resetAtMs(record, counter, nowMs))
    }
    return { outcome: 'admitted', remaining, resetAtMs, violated: [] }
  }

  /** Finds or makes the records of a call, into `#records`; false when one finds no place. */
  #prepareAll(at: number, counters: readonly Counter[], nowMs: number): boolean {
    let position = 0
    for (const counter of counters) {
      const record = this.#prepare(at, counter, nowMs)
      if (record === -1) return false
      this.#records[position] = record
      position += 1
    }
    return true
  }

  /** What is left of each counter; nothing is taken. */
  #describe(counters: readonly Counter[], nowMs: number, violated: readonly number[]): Decision {
    const remaining: number[] = []
    const resetAtMs: number[] = []
    for (let index = 0; index < counters.length; index += 1) {
      const counter = counters[index]
      const record = this.#records[index]
      if (counter === undefined || record === undefined) continue
      remaining.push(Math.max(0, counter.amount - this.#used(record)))
      resetAtMs.push(
        violated.includes(index)
          ? this.#roomAtMs(record, counter, nowMs)
          : this.#resetAtMs(record, counter, nowMs),
      )
    }
    return { outcome: violated.length > 0 ? 'refused' : 'admitted', remaining, resetAtMs, violated }
  }

  /** The record of a counter, made if there is none, with all that expired taken out; -1 when full. */
  #prepare(at: number, counter: Counter, nowMs: number): number {
    const table = this.#table
    let record = counter.place
    if (record === -1 || !table.is(record, counter.hash0, counter.hash1, counter.hash2)) {
      record = table.find(at, counter.hash0, counter.hash1, counter.hash2)
      if (record === -1) record = this.#create(at, counter, nowMs)
      counter.place = record
      if (record === -1) return -1
    }
    const kind = KINDS[counter.kind]
    const kindBefore = table.get(record + R_KIND)
    if (kindBefore !== kind || this.#double(record, R_WINDOW) !== counter.windowMs) {
      if (!this.#convert(at, record, counter, kind, nowMs)) return -1
    }
    if (kind === KIND_LOG) forgetMoments(table, at, record, nowMs - counter.windowMs)
    else if (kind === KIND_STEPS) forgetSteps(table, record, stepAt(nowMs, counter.windowMs))
    // What this call holds must not be evicted while it makes room for its other counters.
    if (this.#double(record, R_UNTIL) <= nowMs) this.#setDouble(record, R_UNTIL, nowMs + 1)
    return record
  }

  #create(at: number, counter: Counter, nowMs: number): number {
    const table = this.#table
    table.evictExpired(at, nowMs, SWEEP_BUCKETS)
    const record = table.insert(at, counter.hash0, counter.hash1, counter.hash2)
    if (record !== -1) return record
    table.evictExpired(at, nowMs, Number.POSITIVE_INFINITY)
    return table.insert(at, counter.hash0, counter.hash1, counter.hash2)
  }

  /** A plan changed: what was counted moves over to the new shape, moment by moment. */
  #convert(at: number, record: number, counter: Counter, kind: number, nowMs: number): boolean {
    const table = this.#table
    const kindBefore = table.get(record + R_KIND)
    const windowBeforeMs = this.#double(record, R_WINDOW)
    const counted =
      kindBefore === KIND_LOG
        ? readMoments(table, record)
        : kindBefore === KIND_STEPS
          ? readSteps(table, record, windowBeforeMs, nowMs)
          : []
    if (table.blocksLeft(at) < blocksFor(counted)) {
      this.#setDouble(record, R_UNTIL, nowMs + 1)
      table.evictExpired(at, nowMs, Number.POSITIVE_INFINITY)
    }
    const isWindow = kind === KIND_LOG || kind === KIND_STEPS
    if (isWindow && table.blocksLeft(at) < blocksFor(counted)) return false
    table.empty(at, record)
    table.ints[record + R_KIND] = kind
    this.#setDouble(record, R_WINDOW, counter.windowMs)
    const untilMs = kind === KIND_QUOTA ? counter.periodEndMs + QUOTA_KEPT_MS : nowMs + counter.windowMs
    this.#setDouble(record, R_UNTIL, untilMs)
    this.#setDouble(record, R_BASE, 0)
    this.#setDouble(record, R_VALUE, 0)
    if (kind === KIND_STEPS) startSteps(table, at, record, stepAt(nowMs, counter.windowMs))
    if (isWindow) {
      for (const [atMs, amount] of counted) this.#add(at, record, counter, atMs, amount)
    }
    return true
  }

  #add(at: number, record: number, counter: Counter, atMs: number, amount: number): void {
    if (counter.kind === 'quota') {
      this.#setDouble(record, R_VALUE, this.#double(record, R_VALUE) + amount)
      return
    }
    if (counter.kind === 'concurrent') {
      this.#setDouble(record, R_VALUE, this.#double(record, R_VALUE) + amount)
      this.#setDouble(record, R_UNTIL, Number.POSITIVE_INFINITY)
      return
    }
    if (counter.kind === 'log') appendMoments(this.#table, at, record, atMs, amount)
    else addToStep(this.#table, record, stepAt(atMs, counter.windowMs), amount)
    // One sub-window more than the window: steps free late.
    const untilMs = atMs + counter.windowMs + Math.ceil(counter.windowMs / 60) + 1
    if (untilMs > this.#double(record, R_UNTIL)) this.#setDouble(record, R_UNTIL, untilMs)
  }

  #used(record: number): number {
    const kind = this.#table.get(record + R_KIND)
    return kind === KIND_QUOTA || kind === KIND_CONCURRENT
      ? this.#double(record, R_VALUE)
      : this.#table.get(record + R_USED)
  }

  #resetAtMs(record: number, counter: Counter, nowMs: number): number {
    if (counter.kind === 'quota') return counter.periodEndMs
    if (counter.kind === 'concurrent' || this.#table.get(record + R_USED) === 0) return nowMs
    return counter.kind === 'log'
      ? firstMomentMs(this.#table, record) + counter.windowMs
      : oldestStepFreesAtMs(this.#table, record, counter.windowMs)
  }

  /** The first moment at which the refused call would pass; the whole window on if it never can. */
  #roomAtMs(record: number, counter: Counter, nowMs: number): number {
    if (counter.kind === 'quota') return counter.periodEndMs
    if (counter.kind === 'concurrent') return nowMs + CONCURRENT_WAIT_MS
    const tooMany = this.#table.get(record + R_USED) + counter.cost - counter.amount
    if (counter.cost > counter.amount) return nowMs + counter.windowMs
    return counter.kind === 'log'
      ? momentWithRoomMs(this.#table, record, tooMany) + counter.windowMs
      : stepWithRoomMs(this.#table, record, tooMany, counter.windowMs)
  }

  #shardOf(counter: Counter): number {
    // All counters of a call belong to one tenant: the hash of the first part of the name.
    return this.#table.shardAt((counter.tenantHash >>> 0) % this.#table.shardCount)
  }

  #double(record: number, field: number): number {
    return this.#table.getDouble(record / 2 + field)
  }

  #setDouble(record: number, field: number, value: number): void {
    this.#table.doubles[record / 2 + field] = value
  }
}

const FULL: Decision = { outcome: 'full', remaining: [], resetAtMs: [], violated: [] }
