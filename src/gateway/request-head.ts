import { FieldKinds, FORWARD } from './field-kinds.ts'

/** What one pass over the header fields of a request finds. */
export interface RequestHead {
  /** Fields that may go upstream: name, value, name, value … */
  readonly forward: string[]
  readonly host: string
  /** How many `Host` fields there are: exactly one is allowed. */
  readonly hostCount: number
  /** The value of `x-api-key`, or the token of `Authorization: Bearer gz_…`. */
  readonly credential: string | undefined
  readonly credentialCount: number
  readonly requestId: string | undefined
  readonly contentLength: string | undefined
  readonly chunked: boolean
  /** A transfer coding other than `chunked`. */
  readonly codingUnknown: boolean
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  /** The client expects what nobody here can meet. */
  readonly expectsElse: boolean
  /** The client says that it reads trailers. */
  readonly acceptsTrailers: boolean
  /** Which page calls, when a browser says so. */
  readonly origin: string | undefined
  /** Set when a browser asks whether a page may make a call of this method. */
  readonly askedMethod: string | undefined
  readonly askedHeaders: string | undefined
  /** What says where a call came from: worth as much as who sent it. */
  readonly forwardedFor: string | undefined
  readonly forwardedProto: string | undefined
  readonly forwardedHost: string | undefined
  readonly forwarded: string | undefined
  /** `traceparent`; several of them are none that can be read. */
  readonly traceparent: string | undefined
  /** Goes upstream with a `traceparent` that could be read only. */
  readonly tracestate: string | undefined
  /** The other `X-Forwarded-*`: they go upstream if a trusted proxy sent them. Name, value …; undefined if none. */
  readonly alsoForwarded: string[] | undefined
}

/**
 * Sorts the fields of a request: what is ours, what is for this hop only, what goes upstream.
 *
 * Left out: hop-by-hop fields and those that `Connection` names (RFC 9110, 7.6.1), our credential,
 * everything `x-gatez-*` and the forwarding fields, which are made anew, also with `_` for `-` (some servers
 * read the two alike). `rawHeaders` is Node's: name, value, name, value … HTTP/1.0 (`versionMinor` 0) knows no
 * expectations: they mean nothing there (RFC 9110, 10.1.1).
 */
export function readRequestHead(rawHeaders: readonly string[], versionMinor = 1): RequestHead {
  const head = emptyHead()
  let connection = ''
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    switch (KINDS.of(name)) {
      case FORWARD:
        head.forward.push(name, value)
        break
      case HOST:
        head.host = value
        head.hostCount += 1
        break
      case API_KEY:
        head.credential = value
        head.credentialCount += 1
        break
      case AUTHORIZATION:
        if (/^bearer[ \t]+gz_/i.test(value)) {
          head.credential = value.slice(7).trim()
          head.credentialCount += 1
        } else head.forward.push(name, value)
        break
      case REQUEST_ID:
        head.requestId = value
        break
      case CONTENT_LENGTH:
        head.contentLength = value
        break
      case TRANSFER_ENCODING:
        if (value.toLowerCase() === 'chunked') head.chunked = true
        else head.codingUnknown = true
        break
      case CONNECTION:
        connection += `,${value}`
        break
      case EXPECT:
        if (versionMinor > 0) readExpectation(head, value)
        break
      case TE:
        if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) head.acceptsTrailers = true
        break
      case DROP:
        break
      default:
        readRare(head, name, value)
    }
  }
  if (connection !== '' && !PLAIN_CONNECTION.test(connection)) {
    removeNamed(head.forward, connection)
    if (head.alsoForwarded !== undefined) removeNamed(head.alsoForwarded, connection)
  }
  return head
}

type Head = { -readonly [Field in keyof RequestHead]: RequestHead[Field] }

/** Fields that few requests have. */
function readRare(head: Head, name: string, value: string): void {
  switch (KINDS.of(name)) {
    case ORIGIN:
      head.origin = value
      head.forward.push(name, value)
      break
    case ASKED_METHOD:
      head.askedMethod = value
      head.forward.push(name, value)
      break
    case ASKED_HEADERS:
      head.askedHeaders = value
      head.forward.push(name, value)
      break
    case FORWARDED:
      head.forwarded = joined(head.forwarded, value)
      break
    case FORWARDED_FOR:
      head.forwardedFor = joined(head.forwardedFor, value)
      break
    case FORWARDED_PROTO:
      head.forwardedProto = joined(head.forwardedProto, value)
      break
    case FORWARDED_HOST:
      head.forwardedHost = joined(head.forwardedHost, value)
      break
    case TRACEPARENT:
      head.traceparent = joined(head.traceparent, value)
      break
    case TRACESTATE:
      head.tracestate = joined(head.tracestate, value)
      break
    case ALSO_FORWARDED:
      head.alsoForwarded ??= []
      head.alsoForwarded.push(name, value)
      break
    default:
  }
}

function readExpectation(head: Head, value: string): void {
  if (/^100-continue$/i.test(value)) head.expectsContinue = true
  else if (value !== '') head.expectsElse = true
}

/** Several fields of one name are one list (RFC 9110, 5.3). */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

function emptyHead(): Head {
  return {
    forward: [],
    host: '',
    hostCount: 0,
    credential: undefined,
    credentialCount: 0,
    requestId: undefined,
    contentLength: undefined,
    chunked: false,
    codingUnknown: false,
    expectsContinue: false,
    expectsElse: false,
    acceptsTrailers: false,
    origin: undefined,
    askedMethod: undefined,
    askedHeaders: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    forwarded: undefined,
    traceparent: undefined,
    tracestate: undefined,
    alsoForwarded: undefined,
  }
}

/** The host name of a `Host` field: lower case, without port. */
export function hostName(host: string): string {
  const colon = host.lastIndexOf(':')
  const name = colon !== -1 && !host.endsWith(']') ? host.slice(0, colon) : host
  return name.toLowerCase()
}

/** Takes the fields that `connection` names out of `fields` (name, value, …), in place. */
export function removeNamed(fields: string[], connection: string): void {
  const named = new Set(connection.split(',').map((token) => token.trim().toLowerCase()))
  let kept = 0
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    if (named.has(name.toLowerCase())) continue
    fields[kept] = name
    fields[kept + 1] = fields[index + 1] ?? ''
    kept += 2
  }
  fields.length = kept
}

const PLAIN_CONNECTION = /^,\s*(?:keep-alive|close)?\s*$/i

const DROP = 1
const HOST = 2
const API_KEY = 3
const AUTHORIZATION = 4
const REQUEST_ID = 5
const CONTENT_LENGTH = 6
const TRANSFER_ENCODING = 7
const CONNECTION = 8
const EXPECT = 9
const TE = 10
const ORIGIN = 11
const ASKED_METHOD = 12
const ASKED_HEADERS = 13
const FORWARDED = 14
const FORWARDED_FOR = 15
const FORWARDED_PROTO = 16
const FORWARDED_HOST = 17
const TRACEPARENT = 18
const TRACESTATE = 19
const ALSO_FORWARDED = 20

const KINDS = new FieldKinds(
  {
    host: HOST,
    'x-api-key': API_KEY,
    authorization: AUTHORIZATION,
    'x-request-id': REQUEST_ID,
    'content-length': CONTENT_LENGTH,
    'transfer-encoding': TRANSFER_ENCODING,
    connection: CONNECTION,
    'keep-alive': DROP,
    'proxy-connection': DROP,
    'proxy-authorization': DROP,
    'proxy-authenticate': DROP,
    te: TE,
    trailer: DROP,
    upgrade: DROP,
    expect: EXPECT,
    'http2-settings': DROP,
    origin: ORIGIN,
    'access-control-request-method': ASKED_METHOD,
    'access-control-request-headers': ASKED_HEADERS,
    forwarded: FORWARDED,
    traceparent: TRACEPARENT,
    tracestate: TRACESTATE,
    'x-forwarded-for': FORWARDED_FOR,
    'x-forwarded-host': FORWARDED_HOST,
    'x-forwarded-proto': FORWARDED_PROTO,
    ...otherSpellings('x-real-ip'),
    'x-forwarded-port': DROP,
    'x-real-ip': DROP,
  },
  [
    ['x-gatez-', DROP],
    ['x-gatez_', DROP],
    ['x_gatez-', DROP],
    ['x_gatez_', DROP],
    ['x-forwarded-', ALSO_FORWARDED],
    ['x-forwarded_', DROP],
    ['x_forwarded-', DROP],
    ['x_forwarded_', DROP],
  ],
  DROP,
)

/** Names of three words with `-` written as `_`: they mean nothing here, and to some servers the same. */
function otherSpellings(...names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const [one = '', two = '', three = ''] = name.split('-')
      const spellings = [`${one}_${two}_${three}`, `${one}_${two}-${three}`, `${one}-${two}_${three}`]
      return spellings.map((spelling) => [spelling, DROP])
    }),
  )
}
