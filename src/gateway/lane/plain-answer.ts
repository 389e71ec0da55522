import type { AnswerHead, UpstreamHeaders } from '../response-head.ts'
import {
  ALPHANUMERIC,
  endOfText,
  endsLine,
  HEAD_END,
  NamesSeen,
  readPlainFields,
  SPACE,
  tableOf,
} from './plain-fields.ts'

/** An answer that arrived whole and says nothing special of how its connection is used. */
export class PlainAnswer implements AnswerHead {
  readonly status: number
  readonly statusText: string
  /** Name, value, name, value …: names in lower case, each once. */
  readonly fields: readonly string[]
  readonly body: Buffer
  /** For how many seconds the upstream says that it keeps the connection; undefined when it does not say. */
  readonly keepsSeconds: number | undefined

  constructor(read: Omit<PlainAnswer, 'headers'>) {
    this.status = read.status
    this.statusText = read.statusText
    this.fields = read.fields
    this.body = read.body
    this.keepsSeconds = read.keepsSeconds
  }

  /** Its fields as undici tells them; made when they are asked for. */
  get headers(): UpstreamHeaders {
    const { fields } = this
    const headers: Record<string, string> = {}
    for (let index = 0; index + 1 < fields.length; index += 2) {
      headers[fields[index] ?? ''] = fields[index + 1] ?? ''
    }
    return headers
  }
}

/**
 * Reads a piece of a connection that is one plain answer with a `Content-Length`, or a `204`, and nothing else;
 * undefined for anything that may be more, less or other than that: then undici reads it.
 *
 *     "HTTP/1.1" SP 3DIGIT SP reason CRLF 1*( name ":" [ SP ] value CRLF ) CRLF body
 *
 * `reason` and `value` are visible ASCII with spaces inside, `name` letters, digits and `-`.
 */
export function readPlainAnswer(bytes: Buffer): PlainAnswer | undefined {
  if (bytes.length < LENGTH_MIN) return undefined
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1 || headEnd > HEAD_BYTES_MAX) return undefined
  const text = bytes.toString('latin1', 0, headEnd + 2)
  if (!text.startsWith(VERSION) || bytes[STATUS_END] !== SPACE) return undefined
  const status = digitsOf(text.slice(VERSION.length, STATUS_END))
  const reasonEnd = endOfText(bytes, STATUS_END + 1)
  if (status === undefined || status < 200 || status > 599 || status === 304) return undefined
  if (!endsLine(bytes, reasonEnd)) return undefined
  const fields = readPlainFields(bytes, text, reasonEnd + 2, NAMES)
  if (fields === undefined) return undefined
  const framing = framingOf(fields)
  if (framing === undefined) return undefined
  const { length, kept } = framing
  const bodyBytes = length === undefined && status === 204 ? 0 : digitsOf(length)
  const bodyStart = headEnd + HEAD_END.length
  if (bodyBytes !== bytes.length - bodyStart || (status === 204 && length !== undefined)) return undefined
  const keepsSeconds = kept === undefined ? undefined : digitsOf(KEPT.exec(kept)?.[1])
  if (kept !== undefined && keepsSeconds === undefined) return undefined
  const statusText = text.slice(STATUS_END + 1, reasonEnd)
  // What it was read into is not its own.
  const body = bodyBytes === 0 ? EMPTY : Buffer.from(bytes.subarray(bodyStart))
  return new PlainAnswer({ status, statusText, fields, body, keepsSeconds })
}

/**
 * What the fields say of the message and its connection; undefined if there are two of one name, or any that undici
 * reads in another way than the usual.
 */
function framingOf(fields: readonly string[]): Framing | undefined {
  let length: string | undefined
  let kept: string | undefined
  // For each name one bit, which few others have: two of one name have the same.
  let seen = 0
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    const bit = 1 << (name.charCodeAt(0) + name.charCodeAt(name.length - 1) + name.length)
    if ((seen & bit) !== 0 && stoodBefore(fields, index, name)) return undefined
    seen |= bit
    if (name === 'content-length') length = value
    else if (name === 'keep-alive') kept = value
    else if (name === 'connection') {
      if (value.toLowerCase() !== 'keep-alive') return undefined
    } else if (FRAMING.has(name)) return undefined
  }
  return { length, kept }
}

interface Framing {
  readonly length: string | undefined
  readonly kept: string | undefined
}

function stoodBefore(fields: readonly string[], end: number, name: string): boolean {
  for (let index = 0; index < end; index += 2) if (fields[index] === name) return true
  return false
}

/** A whole number of a few digits; undefined for anything else. */
function digitsOf(text: string | undefined): number | undefined {
  return text !== undefined && DIGITS.test(text) ? Number(text) : undefined
}

const EMPTY = Buffer.alloc(0)
const VERSION = 'HTTP/1.1 '
const STATUS_END = VERSION.length + 3
const LENGTH_MIN = 'HTTP/1.1 200 \r\na:b\r\n\r\n'.length
/** A quarter of what a head may have: limits are undici's to enforce. */
const HEAD_BYTES_MAX = 16_384
const DIGITS = /^[0-9]{1,7}$/
const KEPT = /^timeout=([0-9]{1,6})(?:, max=[0-9]+)?$/

const FRAMING: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'upgrade', 'proxy-connection', 'trailer', 'te'],
])

const NAMES = new NamesSeen(tableOf(`${ALPHANUMERIC}-`), (name) => name.toLowerCase())
