/** A final answer as a client reads it. */
export interface ReadAnswer {
  readonly status: number
  /** Name in lower case and value, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** All of it arrived. */
  readonly whole: boolean
  readonly trailers: readonly string[]
  /** Its end is the end of the connection. */
  readonly untilClose: boolean
}

/** What the bytes of a connection hold. */
export interface ReadAnswers {
  readonly finals: readonly ReadAnswer[]
  /** Statuses of the informational answers. */
  readonly informational: readonly number[]
  /** Why the rest is no answer at all. */
  readonly problem: string | undefined
}

/**
 * Reads the answers in `bytes` (latin1). `methods` are those of the requests, in order; `HEAD?` stands for
 * one of which it is not known whether the server took it for a HEAD.
 */
export function readAnswers(bytes: string, methods: readonly string[], ended: boolean): ReadAnswers {
  const finals: ReadAnswer[] = []
  const informational: number[] = []
  let at = 0
  const done = (problem?: string): ReadAnswers => ({ finals, informational, problem })
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1) {
      const begins = bytes.startsWith('HTTP/1.'.slice(0, bytes.length - at), at)
      return done(begins ? undefined : `no answer: ${quote(bytes, at)}`)
    }
    const head = readHead(bytes.slice(at, headEnd))
    if (head === undefined) return done(`no head of an answer: ${quote(bytes, at)}`)
    if (head.status < 200) {
      informational.push(head.status)
      at = headEnd + 4
      if (head.status === 101) return done()
      continue
    }
    const method = methods[finals.length] ?? 'GET'
    const body = readBody(bytes, headEnd + 4, head, method, ended)
    if (typeof body === 'string') return done(`${body}: ${quote(bytes, at)}`)
    finals.push({ ...head, ...body })
    if (!body.whole || body.untilClose) return done()
    at = body.end
  }
  return done()
}

/** The values of all fields of one name (lower case) of an answer. */
export function answerField(answer: ReadAnswer, name: string): readonly string[] {
  return answer.fields.filter(([each]) => each === name).map(([, value]) => value)
}

interface Head {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
}

interface AnswerBody {
  readonly body: string
  readonly end: number
  readonly whole: boolean
  readonly untilClose: boolean
  readonly trailers: readonly string[]
}

function readHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)
  if (match === null) return undefined
  const fields: [string, string][] = []
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line)
    if (field === null) return undefined
    fields.push([field[1]!.toLowerCase(), field[2]!.trimEnd()])
  }
  return { status: Number(match[1]), fields }
}

/** The body of an answer, or why it has no end that client and server agree on. */
function readBody(
  bytes: string,
  at: number,
  head: Head,
  method: string,
  ended: boolean,
): AnswerBody | string {
  const valuesOf = (name: string) => head.fields.filter(([each]) => each === name).map(([, value]) => value)
  const lengths = valuesOf('content-length')
  const codings = valuesOf('transfer-encoding')
  if (lengths.length + codings.length > 1) return 'an answer with more than one framing'
  const none = { body: '', end: at, whole: true, untilClose: false, trailers: [] }
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return none
  if (method === 'HEAD?' && (at === bytes.length || bytes.startsWith('HTTP/1.', at))) return none
  if (codings.length === 1) {
    return codings[0]!.toLowerCase() === 'chunked' ? readChunked(bytes, at) : 'an answer with an odd coding'
  }
  if (lengths.length === 1) {
    if (!/^\d{1,15}$/.test(lengths[0]!)) return 'an answer with an odd length'
    const end = at + Number(lengths[0])
    return { ...none, body: bytes.slice(at, end), end, whole: end <= bytes.length }
  }
  return { ...none, body: bytes.slice(at), end: bytes.length, whole: ended, untilClose: true }
}

function readChunked(bytes: string, from: number): AnswerBody | string {
  let body = ''
  let at = from
  const cut = () => ({ body, end: bytes.length, whole: false, untilClose: false, trailers: [] })
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return cut()
    const size = bytes.slice(at, lineEnd)
    if (!/^[0-9A-Fa-f]{1,12}(?:;.*)?$/.test(size)) return 'an answer with a broken chunk'
    const length = Number.parseInt(size, 16)
    if (length === 0) return readTrailers(bytes, lineEnd + 2, body) ?? cut()
    at = lineEnd + 2 + length
    body += bytes.slice(lineEnd + 2, at)
    if (bytes.length < at + 2) return cut()
    if (!bytes.startsWith('\r\n', at)) return 'an answer with no line end behind a chunk'
    at += 2
  }
}

function readTrailers(bytes: string, from: number, body: string): AnswerBody | undefined {
  const trailers: string[] = []
  let at = from
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const line = bytes.slice(at, lineEnd)
    at = lineEnd + 2
    if (line === '') return { body, end: at, whole: true, untilClose: false, trailers }
    trailers.push(line)
  }
}

function quote(bytes: string, at: number): string {
  return JSON.stringify(bytes.slice(at, at + 120))
}
