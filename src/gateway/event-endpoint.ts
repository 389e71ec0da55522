import type { EventsAnswer, EventsRequest } from '../ingest/ingest-messages.ts'
import type { EventSender } from '../ingest/place-event.ts'
import { keyAllows } from '../model/key-scope.ts'
import type { Token } from '../model/token.ts'
import type { Caller } from './call-plan.ts'
import type { Exchange } from './exchange.ts'
import type { OwnAnswer } from './own-endpoints.ts'
import { hasBody } from './policy.ts'
import { Uploads } from './read-upload.ts'
import { Refusal } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import { tenantRefusal } from './tenant-refusal.ts'
import type { Turns } from './turns.ts'
import { BODY_TOO_LARGE } from './upstream-problem.ts'

/** The largest body: some 5,000 events. */
const BODY_BYTES_MAX = 1024 * 1024

/**
 * `POST /v1/events`: usage that did not come through the gateway.
 *
 * Who sends is looked at before a byte of the body is. What is in it is read on another thread, and the
 * answer says what is durable.
 */
export class EventEndpoint {
  readonly #parts: EventEndpointParts
  readonly #uploads: Uploads

  constructor(parts: EventEndpointParts) {
    this.#parts = parts
    this.#uploads = new Uploads(parts.turns)
  }

  /** undefined when the client left, so that nobody is to be answered. */
  async answer(exchange: Exchange, head: RequestHead): Promise<OwnAnswer | Refusal | undefined> {
    const { request, response } = exchange
    if (request.method !== 'POST') return ONLY_POST
    if (this.#parts.isOverloaded()) return BUSY
    const named = await this.#sender(exchange, head)
    if (named instanceof Refusal) return named
    const refusal = headRefusal(head, request.headers['content-encoding'])
    if (refusal !== undefined) return refusal
    if (head.expectsContinue) response.writeContinue()
    const upload = await this.#uploads.read(request, named.line, BODY_BYTES_MAX).catch(() => undefined)
    if (upload === undefined) return undefined
    if (upload === 'too-large') return BODY_TOO_LARGE
    if (upload === 'no-room') return BUSY
    const contentType = request.headers['content-type'] ?? ''
    const attributes = cloudEventAttributes(request.headers)
    try {
      return toAnswer(
        await this.#parts.takeEvents({ ...named, contentType, attributes, bytes: upload.bytes }),
      )
    } finally {
      upload.release()
    }
  }

  /** A token of the operator's, or a key: whose events it may send, and the line it waits in. */
  async #sender(exchange: Exchange, head: RequestHead): Promise<Named | Refusal> {
    const tokens = tokensIn(head)
    const [secret] = tokens
    if (tokens.length + head.credentialCount > 1) return TWO_CREDENTIALS
    if (secret !== undefined) {
      const token = await this.#parts.authenticateToken(exchange, secret)
      return token instanceof Refusal ? token : { sender: { kind: 'operator' }, line: `token:${token.id}` }
    }
    if (head.credential === undefined) return NOBODY
    const caller = await this.#parts.authenticate(exchange, head)
    if (caller instanceof Refusal) return caller
    const { grant } = caller
    if (grant === undefined) return NOBODY
    const suspended = tenantRefusal(grant.tenantState)
    if (suspended !== undefined) return suspended
    // Routes that a key is narrowed to are those of the api.
    if (!keyAllows({ ...grant, routes: null }, { routeId: '', ip: exchange.origin.ip })) return NOT_FROM_HERE
    const { tenantId, keyId, keyMode } = grant
    const sender: EventSender = { kind: 'tenant', tenantId, keyId, billed: keyMode === 'live' }
    return { sender, line: `tenant:${tenantId}` }
  }
}

export interface EventEndpointParts {
  readonly authenticate: (
    exchange: Exchange,
    head: RequestHead,
  ) => Caller | Refusal | Promise<Caller | Refusal>
  readonly authenticateToken: (
    exchange: Exchange,
    secret: string,
  ) => Token | Refusal | Promise<Token | Refusal>
  /** Counts what a request reports; resolves once that is durable. */
  readonly takeEvents: (request: EventsRequest) => Promise<EventsAnswer>
  /** Whose turn it is, of all that move much. */
  readonly turns: Turns
  /** Whether more arrives than can be done. */
  readonly isOverloaded: () => boolean
}

type Named = Pick<EventsRequest, 'sender' | 'line'>

/** Values of `Authorization: Bearer gzt_…`, each field of it. */
function tokensIn({ forward }: RequestHead): readonly string[] {
  const tokens: string[] = []
  for (let index = 0; index + 1 < forward.length; index += 2) {
    if (forward[index]?.toLowerCase() !== 'authorization') continue
    const [, token] = /^bearer +(gzt_.*)$/i.exec(forward[index + 1] ?? '') ?? []
    if (token !== undefined) tokens.push(token.trim())
  }
  return tokens
}

function headRefusal(head: RequestHead, coding: string | undefined): Refusal | undefined {
  if (head.codingUnknown) return UNKNOWN_CODING
  if (Number(head.contentLength ?? 0) > BODY_BYTES_MAX) return BODY_TOO_LARGE
  // To undo a coding is to let a small request become a large one.
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') return CODED
  return hasBody(head) ? undefined : NO_BODY
}

/** The attributes of a CloudEvent in binary mode: fields `ce-…`, in which some characters are encoded. */
function cloudEventAttributes(headers: NodeJS.Dict<string | string[]>): Readonly<Record<string, string>> {
  const attributes: [string, string][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || typeof value !== 'string') continue
    attributes.push([name.slice('ce-'.length), decoded(value)])
  }
  return Object.fromEntries(attributes)
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function toAnswer(answer: EventsAnswer): OwnAnswer | Refusal {
  if (answer.kind === 'answer') return { status: answer.status, body: answer.json }
  const { code, detail, extra, retryAfterS } = answer
  const headers = retryAfterS === null ? [] : ['Retry-After', String(retryAfterS)]
  return new Refusal(code, detail, { extra, headers })
}

const ONLY_POST = new Refusal('method-not-allowed', 'Events are sent with POST.', {
  headers: ['Allow', 'POST'],
})

const BUSY = new Refusal('overloaded', 'More events arrive than can be taken in in time.', {
  headers: ['Retry-After', '1'],
})

const TWO_CREDENTIALS = new Refusal('duplicate-credential', 'The request carries more than one credential.')

const NOBODY = new Refusal(
  'missing-credential',
  'Events need a token of the operator (Authorization: Bearer gzt_…) or an API key.',
  { headers: ['WWW-Authenticate', 'Bearer realm="gatez"'] },
)

const NOT_FROM_HERE = new Refusal('key-not-allowed', 'This key may not be used from this address.')

const UNKNOWN_CODING = new Refusal(
  'unsupported-transfer-coding',
  'The only transfer coding understood here is chunked.',
)

const CODED = new Refusal('unsupported-media-type', 'Events are taken without Content-Encoding.')

const NO_BODY = new Refusal('invalid-json', 'The request has no body; send an event as JSON.')
