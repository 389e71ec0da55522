import { FieldKinds, FORWARD } from '../field-kinds.ts'
import { ALPHANUMERIC, HEAD_END, NamesSeen, readPlainFields, SPACE, tableOf } from './plain-fields.ts'

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
  if (bodyBytes > 0 !== WITH_BODY.has(method)) return undefined
  const fields = readPlainFields(bytes, text, at + VERSION.length, NAMES)
  if (fields === undefined || fields.length === 0 || fields.length > FIELDS_MAX * 2) return undefined
  if (!areUsual(fields, bodyBytes > 0 ? bodyBytes : undefined)) return undefined
  return { method, url, fields, body: bodyBytes === 0 ? undefined : Buffer.from(bytes.subarray(-bodyBytes)) }
}

/**
 * Whether no field frames the message or concerns its connection in another way than the usual, and exactly one says
 * how long a body is, where there is one.
 */
function areUsual(fields: readonly string[], bodyBytes: number | undefined): boolean {
  let length = bodyBytes === undefined ? undefined : String(bodyBytes)
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    const kind = KINDS.of(name)
    if (kind === FORWARD) continue
    if (kind === CONNECTION && value.toLowerCase() === 'keep-alive') continue
    if (kind !== LENGTH || value !== length) return false
    length = undefined
  }
  return length === undefined
}

function methodOf(bytes: Buffer): string | undefined {
  return METHODS.find((method) => startsWith(bytes, method))
}

function startsWith(bytes: Buffer, method: string): boolean {
  for (let at = 0; at < method.length; at += 1) if (bytes[at] !== method.charCodeAt(at)) return false
  return bytes[method.length] === SPACE
}

const SLASH = 0x2f
const VERSION = ' HTTP/1.1\r\n'
/** Those that bring a body, and always one here. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
/** The others are without one. */
const METHODS = ['GET', ...WITH_BODY, 'DELETE', 'HEAD', 'OPTIONS']
/** As much as comes in one piece. */
const BYTES_MAX = 65_536
/** Half of what a head may have: limits are node:http's to enforce. */
const HEAD_BYTES_MAX = 8_192
const FIELDS_MAX = 64

const CONNECTION = 1
const LENGTH = 2
const FRAMING = 3

const KINDS = new FieldKinds(
  {
    connection: CONNECTION,
    'content-length': LENGTH,
    'transfer-encoding': FRAMING,
    upgrade: FRAMING,
    expect: FRAMING,
    'proxy-connection': FRAMING,
    'http2-settings': FRAMING,
    te: FRAMING,
    trailer: FRAMING,
  },
  [],
)

/** RFC 9110, 5.6.2. As they are written: that is how they go on. */
const NAMES = new NamesSeen(tableOf(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`), (name) => name)
/** What may stand in a path or query (RFC 3986, 3.3 and 3.4). */
const TARGET = tableOf(`${ALPHANUMERIC}-._~%!$&'()*+,;=:@/?`)
