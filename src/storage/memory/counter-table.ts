import { assert } from '../../lib/assert.ts'

/** Bytes of one record: eight 32-bit fields, then four doubles. */
const RECORD_BYTES = 64
/** Bytes of one block: link and first index, then 31 doubles or 61 counts. */
const BLOCK_BYTES = 256
const RECORD_INTS = RECORD_BYTES / 4
const BLOCK_INTS = BLOCK_BYTES / 4
const HEADER_INTS = 16
const SHARDS_MAX = 16
/** How long another thread may be in a shard. */
const LOCKED_MS_MAX = 5_000
const SHARD_BYTES_MIN = 4 * 1024 * 1024

/** Fields of a record, as 32-bit integers from its start. */
export const R_HASH0 = 0
export const R_HASH1 = 1
export const R_HASH2 = 2
export const R_KIND = 3
export const R_NEXT = 4
export const R_FIRST = 5
export const R_LAST = 6
export const R_USED = 7
/** Doubles of a record, from its start. */
export const R_WINDOW = 4
export const R_UNTIL = 5
export const R_BASE = 6
export const R_VALUE = 7

/** Fields of a block. */
export const B_NEXT = 0
export const B_START = 1
/** Doubles (moments) and integers (counts) of a block begin here. */
export const B_DOUBLES = 1
export const B_COUNTS = 2
export const MOMENTS_PER_BLOCK = 31

/** Fields of a shard's header. */
const S_LOCK = 0
const S_FREE_RECORD = 1
const S_FREE_BLOCK = 2
const S_BLOCKS_LEFT = 3
const S_SWEEP = 4
/** A double: the latest moment any call of this shard named. */
const S_NOW = 3

const NONE = -1
// A free record or block whose link is 0 was never used: the next free one lies behind it.

/**
 * The memory under the counters: fixed in size, shared by all threads, cut into shards.
 *
 * A shard is a lock, a hash index, a pool of records (one a counter) and a pool of blocks (their
 * contents). A tenant lives in one shard, so all its counters change under one lock. Positions are
 * indexes into the views: records and blocks by 32-bit field. Who holds the lock may call the rest.
 */
export class CounterTable {
  readonly ints: Int32Array
  readonly doubles: Float64Array
  readonly shardCount: number
  readonly #shardInts: number
  readonly #recordCount: number
  readonly #recordsAt: number
  readonly #blocksAt: number

  /** `memory` is made by `counterMemory`, and handed as it is to every thread. */
  constructor(memory: SharedArrayBuffer) {
    this.ints = new Int32Array(memory)
    this.doubles = new Float64Array(memory)
    this.shardCount = Math.min(SHARDS_MAX, Math.max(1, Math.floor(memory.byteLength / SHARD_BYTES_MIN)))
    const shardBytes = Math.floor(memory.byteLength / this.shardCount / BLOCK_BYTES) * BLOCK_BYTES
    this.#shardInts = shardBytes / 4
    // Per counter: one record, one block, one place in the index.
    this.#recordCount = Math.floor((shardBytes - 2 * BLOCK_BYTES) / (RECORD_BYTES + BLOCK_BYTES + 4))
    assert(this.#recordCount >= 16, 'the counter table has room for at least 16 counters a shard')
    const indexInts = Math.ceil(this.#recordCount / 2) * 2
    this.#recordsAt = align(HEADER_INTS + indexInts, RECORD_INTS)
    this.#blocksAt = align(this.#recordsAt + this.#recordCount * RECORD_INTS, BLOCK_INTS)
  }

  /**
   * Fills the pools. Once, before any thread uses the memory.
   *
   * Of the pools only the last places are written: memory that no counter needs is never taken from the system.
   */
  format(): void {
    for (let shard = 0; shard < this.shardCount; shard += 1) {
      const at = this.shardAt(shard)
      this.ints.fill(NONE, at + HEADER_INTS, at + HEADER_INTS + this.#recordCount)
      this.ints[at + this.#recordsAt + (this.#recordCount - 1) * RECORD_INTS + R_NEXT] = NONE
      this.ints[at + S_FREE_RECORD] = at + this.#recordsAt
      const blockCount = Math.min(
        this.#recordCount,
        Math.floor((this.#shardInts - this.#blocksAt) / BLOCK_INTS),
      )
      this.ints[at + this.#blocksAt + (blockCount - 1) * BLOCK_INTS + B_NEXT] = NONE
      this.ints[at + S_FREE_BLOCK] = at + this.#blocksAt
      this.ints[at + S_BLOCKS_LEFT] = blockCount
      this.ints[at + S_SWEEP] = 0
    }
  }

  shardAt(shard: number): number {
    return shard * this.#shardInts
  }

  /**
   * Waits until no other thread is in the shard. Threads asleep in here are woken by `unlock`.
   *
   * Throws when one is in there for seconds: a decision takes microseconds, so that thread died in the middle
   * of one, and what it left may be half done. The process has to begin again; it would hang for ever else.
   */
  lock(at: number): void {
    const lockAt = at + S_LOCK
    for (let spin = 0; spin < 100; spin += 1) {
      if (Atomics.compareExchange(this.ints, lockAt, 0, 1) === 0) return
    }
    // 2 = locked, and someone may be asleep.
    while (Atomics.exchange(this.ints, lockAt, 2) !== 0) {
      const woken = Atomics.wait(this.ints, lockAt, 2, LOCKED_MS_MAX)
      if (woken === 'timed-out') throw new Error('a thread died in the middle of a decision about limits')
    }
  }

  unlock(at: number): void {
    if (Atomics.exchange(this.ints, at + S_LOCK, 0) === 2) Atomics.notify(this.ints, at + S_LOCK, 1)
  }

  /** The shard's time: `nowMs`, or the latest it ever saw when the caller's clock is behind. */
  advance(at: number, nowMs: number): number {
    const place = at / 2 + S_NOW
    const latestMs = this.doubles[place] ?? 0
    if (nowMs <= latestMs) return latestMs
    this.doubles[place] = nowMs
    return nowMs
  }

  blocksLeft(at: number): number {
    return this.ints[at + S_BLOCKS_LEFT] ?? 0
  }

  /** Whether so many blocks are left, or become so by giving up what has expired. */
  hasBlocks(at: number, needed: number, nowMs: number): boolean {
    if (this.blocksLeft(at) >= needed) return true
    this.evictExpired(at, nowMs, Number.POSITIVE_INFINITY)
    return this.blocksLeft(at) >= needed
  }

  get(at: number): number {
    return this.ints[at] ?? 0
  }

  getDouble(at: number): number {
    return this.doubles[at] ?? 0
  }

  /** The record with these hashes, or -1. */
  find(at: number, hash0: number, hash1: number, hash2: number): number {
    let record = this.get(this.#bucket(at, hash0))
    while (record !== NONE && !this.is(record, hash0, hash1, hash2)) record = this.get(record + R_NEXT)
    return record
  }

  is(record: number, hash0: number, hash1: number, hash2: number): boolean {
    const { ints } = this
    return (
      ints[record + R_HASH0] === hash0 && ints[record + R_HASH1] === hash1 && ints[record + R_HASH2] === hash2
    )
  }

  /** A new, empty record in the index; -1 when the pool is empty. */
  insert(at: number, hash0: number, hash1: number, hash2: number): number {
    const record = this.get(at + S_FREE_RECORD)
    if (record === NONE) return NONE
    const bucket = this.#bucket(at, hash0)
    this.ints[at + S_FREE_RECORD] = this.get(record + R_NEXT) || record + RECORD_INTS
    this.ints[record + R_HASH0] = hash0
    this.ints[record + R_HASH1] = hash1
    this.ints[record + R_HASH2] = hash2
    this.ints[record + R_KIND] = 0
    this.ints[record + R_NEXT] = this.get(bucket)
    this.ints[record + R_FIRST] = NONE
    this.ints[record + R_LAST] = NONE
    this.ints[record + R_USED] = 0
    this.doubles.fill(0, record / 2 + R_WINDOW, record / 2 + R_VALUE + 1)
    this.ints[bucket] = record
    return record
  }

  /** A block, its contents undefined. Only when `blocksLeft` says there is one. */
  allocate(at: number): number {
    const block = this.get(at + S_FREE_BLOCK)
    assert(block !== NONE, 'room was checked before a block is taken')
    this.ints[at + S_FREE_BLOCK] = this.get(block + B_NEXT) || block + BLOCK_INTS
    this.ints[at + S_BLOCKS_LEFT] = this.blocksLeft(at) - 1
    this.ints[block + B_NEXT] = NONE
    this.ints[block + B_START] = 0
    return block
  }

  free(at: number, block: number): void {
    this.ints[block + B_NEXT] = this.get(at + S_FREE_BLOCK)
    this.ints[at + S_FREE_BLOCK] = block
    this.ints[at + S_BLOCKS_LEFT] = this.blocksLeft(at) + 1
  }

  /** Frees all blocks of a record. */
  empty(at: number, record: number): void {
    let block = this.get(record + R_FIRST)
    while (block !== NONE) {
      const next = this.get(block + B_NEXT)
      this.free(at, block)
      block = next
    }
    this.ints[record + R_FIRST] = NONE
    this.ints[record + R_LAST] = NONE
    this.ints[record + R_USED] = 0
  }

  /**
   * Takes records out of the index whose time has passed (`R_UNTIL` ≤ now).
   *
   * Looks at `buckets` places and goes on there the next time, so no call pays for the whole shard.
   * Every place is looked at when `buckets` is Infinity.
   */
  evictExpired(at: number, nowMs: number, buckets: number): void {
    const indexSize = this.#recordCount
    const steps = Math.min(buckets, indexSize)
    let sweep = this.get(at + S_SWEEP)
    for (let step = 0; step < steps; step += 1) {
      sweep = sweep + 1 < indexSize ? sweep + 1 : 0
      this.#evictBucket(at, at + HEADER_INTS + sweep, nowMs)
    }
    this.ints[at + S_SWEEP] = sweep
  }

  #evictBucket(at: number, bucket: number, nowMs: number): void {
    let link = bucket
    let record = this.get(link)
    while (record !== NONE) {
      const next = this.get(record + R_NEXT)
      if (this.getDouble(record / 2 + R_UNTIL) <= nowMs) {
        this.empty(at, record)
        this.ints[link] = next
        // A hint of another thread may still point here: no counter has these hashes.
        this.ints[record + R_HASH0] = 0
        this.ints[record + R_HASH1] = 0
        this.ints[record + R_HASH2] = 0
        this.ints[record + R_NEXT] = this.get(at + S_FREE_RECORD)
        this.ints[at + S_FREE_RECORD] = record
      } else {
        link = record + R_NEXT
      }
      record = next
    }
  }

  #bucket(at: number, hash0: number): number {
    return at + HEADER_INTS + ((hash0 >>> 0) % this.#recordCount)
  }
}

/** Memory for counters: `mib` mebibytes, empty, to be handed to every thread. */
export function counterMemory(mib: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(mib * 1024 * 1024)
  new CounterTable(memory).format()
  return memory
}

function align(ints: number, to: number): number {
  return Math.ceil(ints / to) * to
}
