/** One request as it was found in a stream of bytes (latin1: one character is one byte). */
export interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Name and value of each field, in order, as written. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** First byte of the request line. */
  readonly start: number
  /** First byte behind the message. */
  readonly end: number
  /** What RFC 9112 does not allow in it; empty when it is well-formed. */
  readonly problems: readonly string[]
  /** Nobody can say where the next message begins. */
  readonly lost: boolean
}

/** What stands at a place of a stream: nothing, a whole request, or the beginning of one. */
export type Reading =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'request'; readonly request: ReadRequest }
  | { readonly kind: 'incomplete'; readonly problems: readonly string[] }

/** What a strict reader makes of all the bytes of one connection. */
export interface StrictReading {
  /** The requests before the first byte that is not well-formed. */
  readonly requests: readonly ReadRequest[]
  /**
   * `clean`: ends with a message; `closed`: ends with one that is the last by its own word, whatever comes
   * behind it; `incomplete`: ends in the middle of one; `malformed`: was given up.
   */
  readonly state: 'clean' | 'closed' | 'incomplete' | 'malformed'
}

/** Reads a stream as a server does that forgives nothing: the first malformed message is where it stops. */
export function readStrictly(bytes: string): StrictReading {
  const requests: ReadRequest[] = []
  let at = 0
  for (;;) {
    const reading = readRequest(bytes, at)
    if (reading.kind === 'nothing') return { requests, state: 'clean' }
    const { problems } = reading.kind === 'request' ? reading.request : reading
    if (problems.length > 0) return { requests, state: 'malformed' }
    if (reading.kind === 'incomplete') return { requests, state: 'incomplete' }
    // What follows is no HTTP any more, or never was.
    if (reading.request.method === 'CONNECT') return { requests, state: 'malformed' }
    requests.push(reading.request)
    if (isLast(reading.request)) return { requests, state: 'closed' }
    at = reading.request.end
  }
}

/**
 * Reads the request at `from`: strict in what it reports, lenient in how it goes on.
 *
 * What is not well-formed becomes a problem, and is then read as a careless server would read it: bare LF
 * ends a line, chunks win over a length, a number ends where its digits end. Line ends before a request
 * are skipped (RFC 9112, 2.2), and several blanks count as one between the words of the first line (3).
 */
export function readRequest(bytes: string, from: number): Reading {
  let start = from
  while (bytes[start] === '\r' || bytes[start] === '\n') start += 1
  if (start >= bytes.length) return { kind: 'nothing' }
  const problems: string[] = []
  const lines = new LineReader(bytes, start, problems)
  const requestLine = lines.next()
  if (requestLine === undefined) return { kind: 'incomplete', problems }
  const match = REQUEST_LINE.exec(requestLine)
  if (match === null) problems.push('the request line')
  const [method = '', target = '', version = ''] = match?.slice(1) ?? requestLine.trim().split(/\s+/)
  const fields = readFields(lines, problems)
  if (fields === undefined) return { kind: 'incomplete', problems }
  const framing = readFraming(fields, version, problems)
  const body =
    framing === 'chunked' ? readChunks(bytes, lines.at, problems) : readLength(bytes, lines.at, framing)
  if (body === undefined) return { kind: 'incomplete', problems }
  const request = { method, target, version, fields, body: body.text, start, end: body.end, problems }
  return { kind: 'request', request: { ...request, lost: body.lost } }
}

/** The values of all fields of one name, in whatever spelling. */
export function valuesOf(request: Pick<ReadRequest, 'fields'>, name: string): readonly string[] {
  return request.fields.filter(([each]) => each.trim().toLowerCase() === name).map(([, value]) => value)
}

/** Whether the connection ends with the answer to this request (RFC 9112, 9.3). */
export function isLast(request: Pick<ReadRequest, 'fields' | 'version'>): boolean {
  const options = valuesOf(request, 'connection').join(',').toLowerCase().split(',')
  const has = (option: string) => options.some((each) => each.trim() === option)
  return has('close') || (request.version === 'HTTP/1.0' && !has('keep-alive'))
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const REQUEST_LINE = new RegExp(`^(${TOKEN}) +([\\x21-\\x7e]+) +(HTTP/1\\.[01])$`)
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`)
const CHUNK = /^(0*[0-9A-Fa-f]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/
const LENGTH = /^0*\d{1,15}$/

/** Lines of a head: each ends with CRLF, or with a bare LF and a problem. */
class LineReader {
  at: number
  readonly #bytes: string
  readonly #problems: string[]

  constructor(bytes: string, at: number, problems: string[]) {
    this.#bytes = bytes
    this.at = at
    this.#problems = problems
  }

  /** The next line without its end; undefined when its end is not there yet. */
  next(): string | undefined {
    const end = this.#bytes.indexOf('\n', this.at)
    if (end === -1) return undefined
    const whole = this.#bytes.slice(this.at, end)
    this.at = end + 1
    if (!whole.endsWith('\r')) this.#problems.push('a line that ends with a bare LF')
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
    if (line.includes('\r')) this.#problems.push('a bare CR')
    if (line.includes('\0')) this.#problems.push('a NUL')
    return line
  }
}

function readFields(lines: LineReader, problems: string[]): [string, string][] | undefined {
  const fields: [string, string][] = []
  for (;;) {
    const line = lines.next()
    if (line === undefined) return undefined
    if (line === '') return fields
    const match = FIELD.exec(line)
    if (match === null) problems.push(`the field ${JSON.stringify(line.slice(0, 60))}`)
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) last[1] = `${last[1]} ${line.trim()}`
    else {
      const colon = line.indexOf(':')
      fields.push([line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')])
    }
  }
}

/** The bytes of the body, or that it comes in chunks. */
function readFraming(
  fields: readonly (readonly [string, string])[],
  version: string,
  problems: string[],
): number | 'chunked' {
  const codings = valuesOf({ fields }, 'transfer-encoding')
  const lengths = valuesOf({ fields }, 'content-length')
  if (codings.length > 0) {
    if (lengths.length > 0) problems.push('a length and a coding')
    if (version === 'HTTP/1.0') problems.push('a coding in HTTP/1.0')
    const list = codings.join(',').toLowerCase().split(',')
    // Empty elements of a list do not count (RFC 9110, 5.6.1.2).
    const names = list.map((each) => each.replace(/^[ \t]+|[ \t]+$/g, '')).filter((each) => each !== '')
    const isToken = names.every((each) => /^[a-z0-9-]+$/.test(each))
    if (names.length === 0 || !isToken || names.indexOf('chunked') !== names.length - 1)
      problems.push('the transfer coding')
    if (codings.some((each) => /chunked/i.test(each))) return 'chunked'
  }
  if (lengths.length > 1) problems.push('more than one length')
  if (lengths.some((each) => !LENGTH.test(each))) problems.push('a length that is no number')
  const length = Number.parseInt(lengths[0] ?? '0', 10)
  return Number.isNaN(length) || length < 0 ? 0 : length
}

interface Body {
  readonly text: string
  readonly end: number
  readonly lost: boolean
}

function readLength(bytes: string, at: number, length: number): Body | undefined {
  const end = at + length
  return end > bytes.length ? undefined : { text: bytes.slice(at, end), end, lost: false }
}

function readChunks(bytes: string, from: number, problems: string[]): Body | undefined {
  const lines = new LineReader(bytes, from, problems)
  let text = ''
  for (;;) {
    const line = lines.next()
    if (line === undefined) return undefined
    const match = CHUNK.exec(line)
    if (match === null) problems.push(`the chunk ${JSON.stringify(line.slice(0, 40))}`)
    const size = Number.parseInt(match?.[1] ?? line, 16)
    if (Number.isNaN(size) || size < 0) return { text, end: bytes.length, lost: true }
    if (size === 0) {
      const trailers = readFields(lines, problems)
      return trailers === undefined ? undefined : { text, end: lines.at, lost: false }
    }
    const end = lines.at + size
    if (end + 2 > bytes.length) return undefined
    text += bytes.slice(lines.at, end)
    if (bytes.startsWith('\r\n', end)) lines.at = end + 2
    else {
      problems.push('no line end behind a chunk')
      lines.at = bytes[end] === '\n' ? end + 1 : end
    }
  }
}
