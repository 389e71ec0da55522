import { randomFillSync } from 'node:crypto'

/** Where a call stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits, that of whoever began the trace. */
  readonly traceId: string
  /** 16 of them: the call as it passes through here. */
  readonly spanId: string
  /** The span of who called; empty when the trace begins here. */
  readonly parentId: string
  /** What whoever comes next is told in flags. */
  readonly sampled: boolean
  /** Whether its span is sent to a collector. */
  readonly exported: boolean
}

/**
 * Gives each call its place in a trace: the one its client is in, or a new one.
 *
 * `sample` is the part of all traces whose spans are sent on, by their id, so that every gateway chooses the
 * same ones; null = none are sent, and the client's own wish is passed on.
 */
export class Tracer {
  readonly #sample: number | null
  readonly #random = Buffer.alloc(POOL)
  #used = POOL

  constructor(sample: number | null) {
    this.#sample = sample
  }

  /** `field` is the `traceparent` of a request; one that is not well-formed is none. */
  begin(field: string | undefined): TraceContext {
    const parent = field === undefined ? undefined : readTraceparent(field)
    const traceId = parent?.traceId ?? this.#hex(16)
    const exported = this.#sample !== null && fractionOf(traceId) < this.#sample
    const sampled = this.#sample === null ? parent?.sampled === true : exported
    return { traceId, spanId: this.#hex(8), parentId: parent?.parentId ?? '', sampled, exported }
  }

  #hex(bytes: number): string {
    if (this.#used + bytes > POOL) {
      randomFillSync(this.#random)
      this.#used = 0
    }
    this.#used += bytes
    return this.#random.toString('hex', this.#used - bytes, this.#used)
  }
}

/** What the next one is told. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return sampled ? `00-${traceId}-${spanId}-01` : `00-${traceId}-${spanId}-00`
}

interface Parent {
  readonly traceId: string
  readonly parentId: string
  readonly sampled: boolean
}

/** Reads the field, of later versions as far as it is that of the first one (W3C Trace Context, 4.3). */
function readTraceparent(field: string): Parent | undefined {
  const [, version = '', traceId = '', parentId = '', flags = '', more = ''] = FIELD.exec(field) ?? []
  if (version === '' || version === 'ff' || (version === '00' && more !== '')) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Where a trace lies among all, from 0 up to 1: its last digits are random (W3C Trace Context, 2). */
function fractionOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-8), 16) / 2 ** 32
}

const FIELD = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Random bytes made at a time. */
const POOL = 8_192
