import { assert } from '../lib/assert.ts'
import { LruCache } from '../lib/lru-cache.ts'
import { readDimensions } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import { type EventCaller, outcomeOf, type Texts } from './event.ts'

/** Reads the lines of one spool batch back; `firstSeq` is the position of its first event. */
export function decodeEvents(lines: string, place: SpoolPlace): UsageEvent[] {
  return new EventDecoder().decode(lines, place)
}

/** Where the lines of a batch stand in the spool. */
export interface SpoolPlace {
  readonly nodeId: string
  readonly epoch: number
  /** Position of the first event. */
  readonly firstSeq: number
}

/**
 * Reads lines of the spool back. What many events share is taken apart once: who called, where the call
 * went, how it ended. Events then hold the same strings, which also makes them quick to compare.
 */
export class EventDecoder {
  readonly #callers = new PartCache(decodeCaller)
  readonly #targets = new PartCache(decodeTarget)
  readonly #endings = new PartCache(decodeEnding)

  decode(lines: string, place: SpoolPlace): UsageEvent[] {
    const events: UsageEvent[] = []
    const reader = new LineReader(lines)
    while (!reader.done) events.push(this.#decodeLine(reader, place, place.firstSeq + events.length))
    return events
  }

  #decodeLine(reader: LineReader, { nodeId, epoch }: SpoolPlace, seq: number): UsageEvent {
    const id = reader.text(1)
    const timestampMs = reader.number()
    const caller = this.#callers.get(reader.text(6))
    const target = this.#targets.get(reader.text(3))
    const endpoint = reader.text(1)
    const ending = this.#endings.get(reader.text(4))
    const responseTimeMs = reader.number()
    const bytesSent = reader.number()
    const bytesReceived = reader.number()
    const usageUnits = reader.number()
    const { quantities, leaks } = readQuantities(reader.field())
    const dimensions = readDimensions(reader.field())
    const clientIp = reader.text(1)
    const requestId = reader.text(1)
    const count = reader.lastNumber()
    return {
      id,
      timestampMs,
      tenantId: caller.tenantId,
      keyId: caller.keyId,
      apiId: target.apiId,
      routeId: target.routeId,
      planId: caller.planId,
      planVersion: caller.planVersion,
      subscriptionId: caller.subscriptionId,
      method: target.method,
      endpoint,
      statusCode: ending.statusCode,
      outcome: ending.outcome,
      refusal: ending.refusal,
      billable: ending.billable,
      responseTimeMs,
      bytesSent,
      bytesReceived,
      usageUnits,
      quantities,
      dimensions,
      clientIp,
      requestId: requestId === id ? id : requestId,
      nodeId,
      epoch,
      seq,
      source: caller.source,
      count,
      ...(leaks !== undefined && { leaks }),
    }
  }
}

/** Without what leaked it is one record, as every event was in earlier versions. */
function readQuantities(text: string): { readonly quantities: Texts; readonly leaks?: Texts } {
  if (!text.startsWith('[')) return { quantities: readRecord(text) }
  const [quantities, leaks] = JSON.parse(text)
  return { quantities, leaks }
}

function readRecord(text: string): Texts {
  return text === '' ? NOTHING : JSON.parse(text)
}

/** Goes through the fields of lines, from left to right. */
class LineReader {
  readonly #lines: string
  #at = 0

  constructor(lines: string) {
    this.#lines = lines
  }

  get done(): boolean {
    return this.#at >= this.#lines.length
  }

  /** The next fields of the line, as many as asked for, with the tabs between them. */
  text(fields: number): string {
    const start = this.#at
    let end = start - 1
    for (let field = 0; field < fields; field += 1) {
      end = this.#lines.indexOf('\t', end + 1)
      assert(end !== -1, 'a spool line has all its fields')
    }
    this.#at = end + 1
    return this.#lines.slice(start, end)
  }

  number(): number {
    return this.#number(TAB)
  }

  /** The number that ends the line. */
  lastNumber(): number {
    return this.#number(LINE_END)
  }

  /** The next field; most that may be empty are. */
  field(): string {
    if (this.#lines.charCodeAt(this.#at) === TAB) {
      this.#at += 1
      return ''
    }
    return this.text(1)
  }

  #number(end: number): number {
    const start = this.#at
    let value = 0
    let at = start
    let digit = this.#lines.charCodeAt(at) - ZERO
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      at += 1
      digit = this.#lines.charCodeAt(at) - ZERO
    }
    assert(at > start && digit === end - ZERO, 'a number of a spool line is digits, up to its end')
    this.#at = at + 1
    return value
  }
}

const TAB = 9
const LINE_END = 10
const ZERO = 48

/** Texts taken apart before. */
class PartCache<Part> {
  readonly #parts = new LruCache<string, Part>(PARTS_MAX)
  readonly #decode: (text: string) => Part

  constructor(decode: (text: string) => Part) {
    this.#decode = decode
  }

  get(text: string): Part {
    const known = this.#parts.get(text)
    if (known !== undefined) return known
    // A copy: a piece of a text would keep the whole batch it was cut from in memory.
    const copy = Buffer.from(text).toString()
    const part = this.#decode(copy)
    this.#parts.set(copy, part)
    return part
  }
}

/** Some 300 bytes each. */
const PARTS_MAX = 32_768

function decodeCaller(text: string): EventCaller {
  const [source = '', tenantId = '', keyId = '', planId = '', planVersion, subscriptionId = ''] =
    text.split('\t')
  return { source, tenantId, keyId, planId, planVersion: Number(planVersion), subscriptionId }
}

function decodeTarget(text: string) {
  const [apiId = '', routeId = '', method = ''] = text.split('\t')
  return { apiId, routeId, method }
}

function decodeEnding(text: string) {
  const [statusCode, outcome = '', refusal = '', billable] = text.split('\t')
  return { statusCode: Number(statusCode), outcome: outcomeOf(outcome), refusal, billable: billable === '1' }
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})
