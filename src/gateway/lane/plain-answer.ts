import {
  ALPHANUMERIC,
  endOfText,
  endsLine,
  HEAD_END,
  readPlainFields,
  SPACE,
  tableOf,
} from './plain-fields.ts'

/** An answer that arrived whole and says nothing special of how its connection is used. */
export interface PlainAnswer {
  readonly status: number
  readonly statusText: string
  /** By their names in lower case, each name once. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** For how many seconds the upstream says that it keeps the connection; undefined when it does not say. */
  readonly keepsSeconds: number | undefined
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
  const statusText = text.slice(STATUS_END + 1, reasonEnd)
  const headers = headersOf(readPlainFields(bytes, text, reasonEnd + 2, NAME))
  if (headers === undefined) return undefined
  const length = headers['content-length']
  const bodyBytes = length === undefined && status === 204 ? 0 : digitsOf(length)
  const body = bytes.subarray(headEnd + HEAD_END.length)
  if (bodyBytes !== body.length || (status === 204 && length !== undefined)) return undefined
  const kept = headers['keep-alive']
  const keepsSeconds = kept === undefined ? undefined : digitsOf(KEPT.exec(kept)?.[1])
  if (kept !== undefined && keepsSeconds === undefined) return undefined
  return { status, statusText, headers, body, keepsSeconds }
}

/** By their names; undefined if there are two of one, or any that undici reads in another way than the usual. */
function headersOf(fields: readonly string[] | undefined): Record<string, string> | undefined {
  if (fields === undefined) return undefined
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index]?.toLowerCase() ?? ''
    const value = fields[index + 1] ?? ''
    if (name in headers || FRAMING.has(name)) return undefined
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined
    headers[name] = value
  }
  return headers
}

/** A whole number of a few digits; undefined for anything else. */
function digitsOf(text: string | undefined): number | undefined {
  return text !== undefined && DIGITS.test(text) ? Number(text) : undefined
}

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

const NAME = tableOf(`${ALPHANUMERIC}-`)
