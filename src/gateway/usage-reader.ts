import type { UpstreamHeaders } from './response-head.ts'
import { UsageScanner } from './usage-scanner.ts'

/**
 * Reads what an answer says of its own usage while it passes by: the `usage` object of JSON, or of the
 * events of a stream, as OpenAI and those who speak like it send it.
 *
 * Nothing is kept but the numbers, nothing waits, and not one byte is changed. Of several the last counts,
 * field by field: services that repeat it in each event repeat the sum so far.
 */
export class UsageReader {
  readonly #scanner = new UsageScanner()
  readonly #lines: EventLines | undefined
  readonly #values = new Map<string, string>()
  #any = false

  private constructor(isStream: boolean) {
    this.#lines = isStream ? new EventLines(this.#scanner, () => this.#take()) : undefined
  }

  /** A reader for an answer with these fields; undefined when it holds no usage object that can be read. */
  static of(headers: UpstreamHeaders): UsageReader | undefined {
    if (codingOf(headers) !== '') return undefined
    if (isEventStream(headers)) return new UsageReader(true)
    return mayHoldUsage(headers) ? new UsageReader(false) : undefined
  }

  /** Whether there was a usage object so far. */
  get any(): boolean {
    return this.#any
  }

  /** Whether one was too long to be read. */
  get tooLong(): boolean {
    return this.#scanner.tooLong
  }

  push(bytes: Buffer): void {
    if (this.#lines === undefined) this.#scanner.push(bytes)
    else this.#lines.push(bytes)
  }

  /** The answer is over. */
  end(): void {
    this.#take()
  }

  /** The number at `field` (names with dots between them) as it was written; undefined when there is none. */
  value(field: string): string | undefined {
    return this.#values.get(field)
  }

  #take(): void {
    const { found } = this.#scanner
    this.#scanner.reset()
    if (found === undefined) return
    const usage = parseExactly(found)
    if (typeof usage !== 'object' || usage === null) return
    this.#any = true
    this.#read(usage, '', 1)
  }

  #read(usage: object, prefix: string, depth: number): void {
    for (const [name, value] of Object.entries(usage)) {
      if (typeof value === 'string') this.#set(prefix + name, value)
      else if (typeof value === 'object' && value !== null && depth < DEPTH_MAX)
        this.#read(value, `${prefix}${name}.`, depth + 1)
    }
  }

  #set(field: string, value: string): void {
    if (this.#values.size < FIELDS_MAX || this.#values.has(field)) this.#values.set(field, value)
  }
}

/** Whether an answer is JSON or a stream of events. */
export function mayHoldUsage(headers: UpstreamHeaders | undefined): boolean {
  const type = mediaTypeOf(headers)
  return type === EVENT_STREAM || type === 'application/json' || type.endsWith('+json')
}

/** Whether an answer is a stream of events. */
export function isEventStream(headers: UpstreamHeaders | undefined): boolean {
  return mediaTypeOf(headers) === EVENT_STREAM
}

/** The coding of an answer that keeps it from being read; empty when nothing does. */
export function codingOf(headers: UpstreamHeaders | undefined): string {
  const coding = String(headers?.['content-encoding'] ?? '')
  return coding.toLowerCase() === 'identity' ? '' : coding
}

function mediaTypeOf(headers: UpstreamHeaders | undefined): string {
  const [type = ''] = String(headers?.['content-type'] ?? '').split(';', 1)
  return type.trim().toLowerCase()
}

const EVENT_STREAM = 'text/event-stream'

const DEPTH_MAX = 4
const FIELDS_MAX = 256

/** Numbers become texts as they were written, for a float would not hold all of them. */
function parseExactly(text: string): unknown {
  try {
    return JSON.parse(
      text.replace(STRING_OR_NUMBER, (whole, number) => (number === undefined ? whole : `"${number}"`)),
    )
  } catch {
    return undefined
  }
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)/g

/**
 * Takes the data out of the events of a stream (HTML, 9.2.6) as it passes by, and says when an event ends.
 *
 * Lines may end with LF, CR or both, anywhere between two pieces.
 */
class EventLines {
  readonly #scanner: UsageScanner
  readonly #onEvent: () => void
  /** Bytes of the line so far, up to where it is known whether it is data. */
  #read = 0
  #kind: 'unknown' | 'data' | 'other' = 'unknown'
  #afterReturn = false

  constructor(scanner: UsageScanner, onEvent: () => void) {
    this.#scanner = scanner
    this.#onEvent = onEvent
  }

  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0
      if (byte === LF && this.#afterReturn) {
        this.#afterReturn = false
        at += 1
      } else if (byte === LF || byte === CR) {
        this.#endLine()
        this.#afterReturn = byte === CR
        at += 1
      } else if (this.#kind === 'unknown') {
        this.#afterReturn = false
        if (byte !== DATA[this.#read]) this.#kind = 'other'
        else if (this.#read === DATA.length - 1) this.#kind = 'data'
        this.#read += 1
        at += 1
      } else {
        const end = endOfLine(bytes, at)
        if (this.#kind === 'data') this.#scanner.push(bytes.subarray(at, end))
        at = end
      }
    }
  }

  #endLine(): void {
    if (this.#read === 0) this.#onEvent()
    this.#read = 0
    this.#kind = 'unknown'
  }
}

function endOfLine(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from)
  const end = lf === -1 ? bytes.length : lf
  const cr = bytes.subarray(from, end).indexOf(CR)
  return cr === -1 ? end : from + cr
}

const LF = 10
const CR = 13
const DATA = Buffer.from('data:')
