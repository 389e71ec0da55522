import { createHash } from 'node:crypto'
import type { ClaimHolder } from '../storage/ports/kept-answers.ts'
import type { Accepted, Planned } from './exchange.ts'
import type { KeeperClient } from './keeper-client.ts'
import type { SentAnswer } from './keeper-messages.ts'
import { OnceCall } from './once-call.ts'
import { hasBody } from './policy.ts'
import { BrokenOff, readBody } from './read-body.ts'
import { Refusal } from './refusal.ts'
import type { Turns } from './turns.ts'

/**
 * Sees to it that a call that is sent again with its `Idempotency-Key` is done and billed once.
 *
 * Only on routes that ask for it (docs/decisions/0014), only for methods that may not be repeated as they
 * are, and only when the field is sent.
 */
export class OnceCalls {
  readonly #keeper: KeeperClient
  readonly #turns: Turns
  readonly #outliving = new Set<() => void>()
  #draining = false

  constructor(keeper: KeeperClient, turns: Turns) {
    this.#keeper = keeper
    this.#turns = turns
  }

  /** From now on calls end with their clients; those whose clients left before, `graceMs` later if not by themselves. */
  startDraining(graceMs: number): void {
    this.#draining = true
    // They have no connection that could be cut: nothing else ends them before their upstream's timeouts.
    setTimeout(() => {
      for (const leave of this.#outliving) leave()
    }, graceMs).unref()
  }

  /** Whether this call is one of them. */
  concerns({ matched, exchange }: Accepted): boolean {
    if (matched.route.policy.idempotency === null || matched.route.auth === 'none') return false
    const { method = '', headers } = exchange.request
    return METHODS.has(method) && headers['idempotency-key'] !== undefined
  }

  /**
   * Reads the request whole and takes its key: resolves to the call that holds it, to the answer of the
   * first call, or to why it goes no further.
   */
  async begin({ accepted, call }: Planned): Promise<OnceCall | FirstAnswer | Refusal | BrokenOff> {
    const { exchange, head, matched } = accepted
    const { idempotency } = matched.route.policy
    const key = String(exchange.request.headers['idempotency-key'])
    if (idempotency === null || !KEY.test(key)) return MALFORMED
    if (hasBody(head)) {
      if (head.expectsContinue) exchange.response.writeContinue()
      const body = await readBody(exchange.request, idempotency.bodyBytesMax, this.#turns)
      if (body === undefined) return bodyTooLarge(idempotency.bodyBytesMax)
      if (body instanceof BrokenOff) return body
      exchange.body = body
    }
    const tenantId = call.caller.grant?.tenantId ?? ''
    // Hashed: a client may have put a secret there.
    const hashed = createHash('sha256').update(key).digest('base64url')
    const holder = { tenantId, routeId: matched.route.id, key: hashed, eventId: exchange.eventId }
    return this.#claim(accepted, holder, idempotency)
  }

  async #claim(
    accepted: Accepted,
    holder: ClaimHolder,
    { keepMs, answerBytesMax }: { readonly keepMs: number; readonly answerBytesMax: number },
  ): Promise<OnceCall | FirstAnswer | Refusal> {
    const keeper = this.#keeper
    const claimed = keeper.claim(holder, { fingerprint: fingerprintOf(accepted), keepMs })
    const outcome = await claimed.catch(() => undefined)
    if (outcome === undefined) return UNAVAILABLE
    if (outcome.kind === 'running') return IN_PROGRESS
    if (outcome.kind === 'mismatch') return MISMATCH
    if (outcome.kind === 'answered') return new FirstAnswer(outcome.eventId, outcome.answer)
    const { requestId } = accepted.exchange
    const parts = { keeper, keepMs, answerBytesMax, requestId, outliving: this.#outliving }
    return new OnceCall(holder, outcome.billedBefore, { ...parts, isDraining: () => this.#draining })
  }
}

/** What the first call with a key was answered, and the id of its event. */
export class FirstAnswer {
  readonly eventId: string
  readonly answer: SentAnswer

  constructor(eventId: string, answer: SentAnswer) {
    this.eventId = eventId
    this.answer = answer
  }
}

const METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

const KEY = /^[!-~]{1,255}$/

/** The same for the same request only: what is asked for, and the bytes that were sent. */
function fingerprintOf({ exchange, target }: Accepted): string {
  const { method, headers } = exchange.request
  const hash = createHash('sha256')
  hash.update(`${method}\n${target.pathAndQuery}\n${headers['content-type'] ?? ''}\n`)
  if (exchange.body !== undefined) hash.update(exchange.body)
  return hash.digest('base64url')
}

function bodyTooLarge(bytesMax: number): Refusal {
  return new Refusal(
    'body-too-large',
    `With an Idempotency-Key the request body may have at most ${bytesMax} bytes.`,
  )
}

const MALFORMED = new Refusal(
  'invalid-idempotency-key',
  'The Idempotency-Key must be 1 to 255 visible ASCII characters without blanks, and be sent once.',
)

const IN_PROGRESS = new Refusal(
  'idempotency-in-progress',
  'A call with this Idempotency-Key is under way; its answer is not there yet.',
  { headers: ['Retry-After', '1'] },
)

const MISMATCH = new Refusal(
  'idempotency-mismatch',
  'This Idempotency-Key was used for another request: the path, the type or the body differs.',
)

const UNAVAILABLE = new Refusal(
  'store-unavailable',
  'Whether this Idempotency-Key was used cannot be looked up at the moment, so the call is not let through.',
  { headers: ['Retry-After', '1'] },
)
