import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts'

/**
 * What one gateway thread counts of its traffic, in memory that every other thread can read.
 *
 * One thread writes, so a plain store is enough; a number of 64 bits at an aligned place is stored in one
 * go. Nothing is allocated and nothing waited for: a call costs some 100 ns of it. All numbers but those
 * named `now` only grow, from the start of the process, and are exact up to 2^53.
 */
export class Traffic {
  readonly #slots: Float64Array

  /** `thread` is its place in `memory`: each has one writer. */
  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#slots = new Float64Array(memory, thread * STRIDE * BYTES, STRIDE)
  }

  /** A call that was let through ended; `upstreamMs` is negative when its upstream gave no answer. */
  ended(
    status: number,
    elapsedMs: number,
    upstreamMs: number,
    bytesSent: number,
    bytesReceived: number,
  ): void {
    this.#add(STATUS_AT + classOf(status), 1)
    this.#observe(LATENCY_AT, elapsedMs)
    if (upstreamMs >= 0) this.#observe(UPSTREAM_AT, upstreamMs)
    this.#add(BYTES_SENT, bytesSent)
    this.#add(BYTES_RECEIVED, bytesReceived)
  }

  /** A call was answered with a problem; `status` is 0 for one that `ended` is told of, too. */
  refused(code: ErrorCode, status: number): void {
    this.#add(REFUSED_AT + (CODE_PLACES.get(code) ?? 0), 1)
    if (status !== 0) this.#add(REFUSED_STATUS_AT + classOf(status), 1)
  }

  /** The ends of so many answers left, or broke off. */
  completed(calls: number): void {
    this.#add(CALLS, calls)
  }

  /** So many events are on the disk, among them the last of so many calls; it took so long. */
  durable(events: number, calls: number, commitMs: number): void {
    this.#add(DURABLE_EVENTS, events)
    this.#add(DURABLE_CALLS, calls)
    this.#observe(COMMIT_AT, commitMs)
  }

  /** So many calls were decided without the counts that nodes share. */
  decidedAlone(admitted: number, refused: number): void {
    this.#add(ALONE_ADMITTED, admitted)
    this.#add(ALONE_REFUSED, refused)
  }

  /** So many calls are under way now. */
  open(calls: number): void {
    this.#slots[OPEN_NOW] = calls
  }

  /** Whether this thread's events can be made durable now. */
  meteringUp(isUp: boolean): void {
    this.#slots[METERING_DOWN_NOW] = isUp ? 0 : 1
  }

  /** How late the event loop was at one look. */
  lagged(lagMs: number): void {
    this.#slots[LAG_MS_NOW] = lagMs
    this.#observe(LAG_AT, lagMs)
  }

  #add(slot: number, amount: number): void {
    this.#slots[slot] = (this.#slots[slot] ?? 0) + amount
  }

  #observe(at: number, ms: number): void {
    let bucket = 0
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] ?? 0)) bucket += 1
    this.#add(at + bucket, 1)
    this.#add(at + SUM, ms)
  }
}

/** Memory for the counts of so many threads, all zero. */
export function makeTrafficMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * STRIDE * BYTES)
}

/** The sums over all threads, as they are now; numbers of one moment may differ by calls under way. */
export function readTraffic(memory: SharedArrayBuffer): TrafficTotals {
  const all = new Float64Array(memory)
  const threads = all.length / STRIDE
  const sums = new Float64Array(STRIDE)
  for (const [index, value] of all.entries()) sums[index % STRIDE] = (sums[index % STRIDE] ?? 0) + value
  const at = (slot: number): number => sums[slot] ?? 0
  const classes = (slot: number) => STATUS_CLASSES.map((status, index) => [status, at(slot + index)] as const)
  const lags = Array.from({ length: threads }, (_, thread) => all[thread * STRIDE + LAG_MS_NOW] ?? 0)
  return {
    calls: at(CALLS),
    callsDurable: at(DURABLE_CALLS),
    eventsDurable: at(DURABLE_EVENTS),
    byStatus: new Map(classes(STATUS_AT)),
    refusedByStatus: new Map(classes(REFUSED_STATUS_AT)),
    refusedByCode: new Map(CODES.map((code, index) => [code, at(REFUSED_AT + index)])),
    bytesSent: at(BYTES_SENT),
    bytesReceived: at(BYTES_RECEIVED),
    aloneAdmitted: at(ALONE_ADMITTED),
    aloneRefused: at(ALONE_REFUSED),
    openNow: at(OPEN_NOW),
    meteringUp: at(METERING_DOWN_NOW) === 0,
    lagMsNow: Math.max(0, ...lags),
    latency: histogramAt(sums, LATENCY_AT),
    upstream: histogramAt(sums, UPSTREAM_AT),
    commit: histogramAt(sums, COMMIT_AT),
    lag: histogramAt(sums, LAG_AT),
  }
}

/** What all gateway threads counted since the process began. */
export interface TrafficTotals {
  /** Calls that were let through and whose answer is over. */
  readonly calls: number
  /** Those whose event is on the disk. Of the calls, this is the part that is metered. */
  readonly callsDurable: number
  /** Events on the disk: of calls, of parts of long ones, of refusals. */
  readonly eventsDurable: number
  /** Calls that were let through, by the class of their status: `2xx`; `none` = no answer came about. */
  readonly byStatus: ReadonlyMap<StatusClass, number>
  /** Calls that were not let through. */
  readonly refusedByStatus: ReadonlyMap<StatusClass, number>
  /** Answers with a problem, by its code; those of upstreams that failed among them. */
  readonly refusedByCode: ReadonlyMap<ErrorCode, number>
  /** Of bodies, to clients. */
  readonly bytesSent: number
  /** Of bodies, from clients. */
  readonly bytesReceived: number
  readonly aloneAdmitted: number
  readonly aloneRefused: number
  /** Calls under way. */
  readonly openNow: number
  /** Whether events of every thread can be made durable; if not, calls are refused. */
  readonly meteringUp: boolean
  /** How late the latest thread was when it last looked. */
  readonly lagMsNow: number
  /** From the first byte in until the answer is there, calls that were let through. */
  readonly latency: Histogram
  /** Until the head of the upstream's answer. */
  readonly upstream: Histogram
  /** From handing events over until they are on the disk, by batch. */
  readonly commit: Histogram
  readonly lag: Histogram
}

/** How often what was measured fell between two bounds. */
export interface Histogram {
  readonly count: number
  readonly sumMs: number
  /** One for each of `BOUNDS_MS`, and one for what is above. Not cumulative. */
  readonly buckets: readonly number[]
}

/** Upper bounds of the buckets, each included. */
export const BOUNDS_MS = [
  0.5, 1, 2.5, 5, 7.5, 10, 15, 25, 50, 75, 100, 150, 250, 500, 750, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const

/**
 * The value below which a part of what was measured lies, between the bounds of its bucket in a straight
 * line. Null when nothing was measured; what is above all bounds counts as the last of them.
 */
export function quantileMs({ count, buckets }: Histogram, part: number): number | null {
  if (count === 0) return null
  let left = part * count
  for (const [index, inside] of buckets.entries()) {
    const lower = BOUNDS_MS[index - 1] ?? 0
    const upper = BOUNDS_MS[index]
    if (upper === undefined) return lower
    if (inside > 0 && left <= inside) return lower + (upper - lower) * (left / inside)
    left -= inside
  }
  return null
}

/** What was measured after `before` was read. */
export function histogramSince(now: Histogram, before: Histogram): Histogram {
  return {
    count: now.count - before.count,
    sumMs: now.sumMs - before.sumMs,
    buckets: now.buckets.map((inside, index) => inside - (before.buckets[index] ?? 0)),
  }
}

/** The first figure of a status; `none` when there was no answer. */
export const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const

export type StatusClass = (typeof STATUS_CLASSES)[number]

function classOf(status: number): number {
  return status >= 100 && status < 600 ? Math.trunc(status / 100) : 0
}

function histogramAt(sums: Float64Array, at: number): Histogram {
  const buckets = [...sums.subarray(at, at + SUM)]
  return { count: buckets.reduce((sum, inside) => sum + inside, 0), sumMs: sums[at + SUM] ?? 0, buckets }
}

const CODES = codesOf(CATALOGUE)
const CODE_PLACES: ReadonlyMap<ErrorCode, number> = new Map(CODES.map((code, index) => [code, index]))

function codesOf<Code extends string>(rows: Readonly<Record<Code, unknown>>): readonly Code[] {
  const codes: Code[] = []
  for (const code in rows) codes.push(code)
  return codes
}

// The places of one thread's numbers. A histogram has its buckets, the one above, and the sum.
const BYTES = Float64Array.BYTES_PER_ELEMENT
const SUM = BOUNDS_MS.length + 1
const HISTOGRAM = SUM + 1
const CALLS = 0
const DURABLE_CALLS = 1
const DURABLE_EVENTS = 2
const BYTES_SENT = 3
const BYTES_RECEIVED = 4
const ALONE_ADMITTED = 5
const ALONE_REFUSED = 6
const OPEN_NOW = 7
const LAG_MS_NOW = 8
const METERING_DOWN_NOW = 9
const STATUS_AT = 10
const REFUSED_STATUS_AT = STATUS_AT + STATUS_CLASSES.length
const LATENCY_AT = REFUSED_STATUS_AT + STATUS_CLASSES.length
const UPSTREAM_AT = LATENCY_AT + HISTOGRAM
const COMMIT_AT = UPSTREAM_AT + HISTOGRAM
const LAG_AT = COMMIT_AT + HISTOGRAM
const REFUSED_AT = LAG_AT + HISTOGRAM
/** Two threads never write to one cache line. */
const LINE = 16
const STRIDE = Math.ceil((REFUSED_AT + CODES.length) / LINE) * LINE
