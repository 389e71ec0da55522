import { createHash } from 'node:crypto'
import { within } from '../access/within.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { DoneRequest } from '../storage/ports/done-requests.ts'
import type { Asking } from './asking.ts'
import type { ControlParts } from './control-parts.ts'
import { etagOf } from './etag.ts'
import type { Operation } from './operation.ts'

/**
 * Changes that hold once, however often they are asked for: `Idempotency-Key` and `If-Match`.
 *
 * The change and its answer are one transaction. After a crash there is both or neither, so nothing is ever
 * half done and no key is stuck. An answer with a secret in it is not kept: its replay says so.
 */
export class KeptRequests {
  readonly #parts: ControlParts
  readonly #running = new Set<string>()

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  async run(asking: Asking, operation: Operation, input: Record<string, unknown>): Promise<Answered> {
    const isChange =
      operation.method !== 'get' && !operation.isRepeatable && asking.principal.kind !== 'nobody'
    const key = isChange ? asking.header('idempotency-key') : undefined
    const match = isChange ? asking.header('if-match') : undefined
    if (key === undefined && match === undefined) {
      return { answer: await operation.handle(asking, input), isReplayed: false }
    }
    if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) {
      throw new GatezError('invalid-parameter', 'Idempotency-Key is 1 to 255 visible ASCII characters.')
    }
    const name = `${asking.actor} ${key ?? ''}`
    if (key !== undefined && this.#running.has(name)) {
      throw new GatezError('idempotency-running', 'A request with this Idempotency-Key is under way.')
    }
    this.#running.add(name)
    try {
      return await this.#parts.store.transaction((tables) =>
        runWithin(tables, { asking, operation, input, key, match }),
      )
    } finally {
      this.#running.delete(name)
    }
  }
}

/** What came of a request, and whether it had come of it before. */
export interface Answered {
  readonly answer: unknown
  readonly isReplayed: boolean
}

interface OneRequest {
  readonly asking: Asking
  readonly operation: Operation
  readonly input: Record<string, unknown>
  readonly key: string | undefined
  readonly match: string | undefined
}

async function runWithin(tables: ControlTables, request: OneRequest): Promise<Answered> {
  const { operation, input, key, match } = request
  const { actor, parts, clock } = request.asking
  const fingerprint = createHash('sha256')
    .update(canonicalJson({ id: operation.id, input: withoutUndefined(input) }))
    .digest('hex')
  if (key !== undefined) {
    const before = await tables.doneRequests.find({ actor, idempotencyKey: key })
    if (before !== undefined) return { answer: replayed(before, fingerprint), isReplayed: true }
  }
  const store = within(tables)
  const asking: Asking = {
    ...{ ...request.asking, store, cases: parts.casesOn(store, actor) },
    desk: () => parts.deskOn(store, actor),
  }
  if (match !== undefined) await checkMatch(asking, operation, input, match)
  const answer = await operation.handle(asking, input)
  if (key !== undefined && !(answer instanceof Response)) {
    const body = operation.isSecret ? null : JSON.stringify(answer)
    const kept = { actor, idempotencyKey: key, fingerprint, status: operation.status, body }
    if (!(await tables.doneRequests.insert({ ...kept, createdAtMs: clock.nowMs() }))) {
      throw new GatezError('idempotency-running', 'A request with this Idempotency-Key is under way.')
    }
  }
  return { answer, isReplayed: false }
}

function replayed({ fingerprint, body }: DoneRequest, asked: string): unknown {
  if (fingerprint !== asked) {
    const detail = 'This Idempotency-Key came before, with something else to do.'
    throw new GatezError('idempotency-mismatch', detail)
  }
  if (body !== null) return JSON.parse(body)
  const detail = 'This was done before, and the secret it made was shown then; it is kept nowhere.'
  throw new GatezError('already-revealed', detail)
}

async function checkMatch(
  asking: Asking,
  { current }: Operation,
  input: Record<string, unknown>,
  match: string,
): Promise<void> {
  if (current === undefined) {
    throw new GatezError(
      'invalid-parameter',
      'If-Match is not understood here: there is no one thing it could mean.',
    )
  }
  const etag = etagOf(JSON.stringify(await current(asking, input)))
  const wanted = match.split(',').map((each) => each.trim())
  if (wanted.includes('*') || wanted.includes(etag)) return
  throw new GatezError('precondition-failed', 'It is not what it was when you read it.', { extra: { etag } })
}

/** What JSON would leave out as well. */
function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}
