/** A request that arrived whole, and says nothing of how its connection is used. */
export interface PlainRequest {
  readonly method: string
  /** The target as written: it begins with a slash. */
  readonly url: string
  /** Name, value, name, value …, as written. */
  readonly fields: string[]
  /** undefined when it has none. */
  readonly body: Buffer | undefined
}

/**
 * Reads a piece of a connection that is one plain request and nothing else; undefined for anything that may be more,
 * less or other than that. HTTP's whole grammar is node:http's to know: this one is a small part of it, of
 * which there are no two ways to read it.
 *
 *     method SP target SP "HTTP/1.1" CRLF 1*( token ":" [ SP ] value CRLF ) CRLF [ body ]
 *
 * `value` is visible ASCII with spaces inside. Left to node:http are all fields that frame a message or concern
 * its connection, but for the usual `Connection: keep-alive` and, where the method brings a body, its length.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | undefined {
  const method = methodOf(bytes)
  if (method === undefined || bytes.length > BYTES_MAX) return undefined
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1 || headEnd > HEAD_BYTES_MAX) return undefined
  const targetStart = method.length + 1
  let at = targetStart
  while (TARGET[bytes[at] ?? 0] === 1) at += 1
  if (bytes[targetStart] !== SLASH) return undefined
  const text = bytes.toString('latin1', 0, headEnd + 2)
  if (!text.startsWith(VERSION, at)) return undefined
  const url = text.slice(targetStart, at)
  const bodyBytes = bytes.length - headEnd - HEAD_END.length
  const fields = readFields(bytes, text, at + VERSION.length, WITH_BODY.has(method) ? bodyBytes : undefined)
  if (fields === undefined || bodyBytes > 0 !== WITH_BODY.has(method)) return undefined
  return { method, url, fields, body: bodyBytes === 0 ? undefined : bytes.subarray(-bodyBytes) }
}

/**
 * Reads fields from `start` to the end of `text`, behind which an empty line follows; undefined if any is not plain, or
 * if there is not exactly one `Content-Length` where `bodyBytes` says what it has to be, and none where it does not.
 */
function readFields(bytes: Buffer, text: string, start: number, bodyBytes?: number): string[] | undefined {
  const fields: string[] = []
  let length = bodyBytes === undefined ? undefined : String(bodyBytes)
  let at = start
  while (at < text.length) {
    const nameStart = at
    while (TOKEN[bytes[at] ?? 0] === 1) at += 1
    if (at === nameStart || bytes[at] !== COLON) return undefined
    const name = text.slice(nameStart, at)
    at += bytes[at + 1] === SPACE ? 2 : 1
    const valueStart = at
    while (VALUE[bytes[at] ?? 0] === 1) at += 1
    // A value with space around it, or none, is read alike by most, and not by all.
    if (bytes[valueStart] === SPACE || bytes[at - 1] === SPACE || at === valueStart) return undefined
    if (!endsLine(bytes, at)) return undefined
    const value = text.slice(valueStart, at)
    if (concernsConnection(name, value)) {
      if (value !== length || name.toLowerCase() !== 'content-length') return undefined
      length = undefined
    }
    fields.push(name, value)
    at += 2
  }
  const isPlain = length === undefined && fields.length > 0 && fields.length <= FIELDS_MAX * 2
  return isPlain ? fields : undefined
}

/** Whether a field is one that node:http reads itself. */
function concernsConnection(name: string, value: string): boolean {
  // Told by length first: most names are none of them.
  if (((LENGTHS >>> Math.min(name.length, 31)) & 1) === 0) return false
  const lower = name.toLowerCase()
  if (lower === 'connection') return value.toLowerCase() !== 'keep-alive'
  return CONNECTION_FIELDS.has(lower)
}

function methodOf(bytes: Buffer): string | undefined {
  return METHODS.find((method) => startsWith(bytes, method))
}

function startsWith(bytes: Buffer, method: string): boolean {
  for (let at = 0; at < method.length; at += 1) if (bytes[at] !== method.charCodeAt(at)) return false
  return bytes[method.length] === SPACE
}

function endsLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF
}

const [SPACE, COLON, SLASH, CR, LF] = [0x20, 0x3a, 0x2f, 0x0d, 0x0a]
const VERSION = ' HTTP/1.1\r\n'
const HEAD_END = '\r\n\r\n'
/** Those that bring a body, and always one here. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
/** The others are without one. */
const METHODS = ['GET', ...WITH_BODY, 'DELETE', 'HEAD', 'OPTIONS']
/** As much as comes in one piece. */
const BYTES_MAX = 65_536
/** Half of what a head may have: limits are node:http's to enforce. */
const HEAD_BYTES_MAX = 8_192
const FIELDS_MAX = 64

const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  ...['content-length', 'transfer-encoding', 'upgrade', 'expect', 'proxy-connection', 'http2-settings'],
  ...['te', 'trailer'],
])
const LENGTHS = [...CONNECTION_FIELDS, 'connection'].reduce((bits, { length }) => bits | (1 << length), 0)

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** RFC 9110, 5.6.2. */
const TOKEN = tableOf(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`)
/** What may stand in a path or query (RFC 3986, 3.3 and 3.4). */
const TARGET = tableOf(`${ALPHANUMERIC}-._~%!$&'()*+,;=:@/?`)
/** Visible ASCII and space. */
const VALUE = new Uint8Array(256).fill(1, 0x20, 0x7f)

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}
