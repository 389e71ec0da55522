import type { IncomingMessage } from 'node:http'
import type { Api } from '../model/api.ts'
import type { RequestFault } from '../openapi/request-fault.ts'
import type { RequestRule } from '../openapi/request-rule.ts'
import { RequestRules } from '../openapi/request-rules.ts'
import type { Accepted } from './exchange.ts'
import { hasBody } from './policy.ts'
import { type BrokenOff, readBody } from './read-body.ts'
import { Refusal } from './refusal.ts'
import type { Turns } from './turns.ts'
import { BODY_TOO_LARGE } from './upstream-problem.ts'

/** The largest body that is looked into, unless the route takes less. */
const BODY_BYTES_MAX = 4 * 1024 * 1024

/**
 * Checks requests against the OpenAPI files of their apis, where the file asks for it.
 *
 * What a document does not describe passes: which paths are open, routes say. Heads are checked before
 * anything is counted, bodies once a call is admitted.
 */
export class RequestChecks {
  readonly #rules = new Map<string, RequestRules>()

  constructor(apis: readonly Api[]) {
    for (const { id, requestRules } of apis) {
      if (requestRules === null) continue
      const rules = RequestRules.read(requestRules)
      // The check of the file saw to it that it can be read.
      if (rules instanceof RequestRules) this.#rules.set(id, rules)
    }
  }

  /** Why a request does not fit, by all but its body; undefined when it does. */
  checkHead(accepted: Accepted): Refusal | undefined {
    const rule = this.#ruleOf(accepted)
    if (rule === undefined) return undefined
    const { exchange, head, target } = accepted
    const { headers } = exchange.request
    const query = target.pathAndQuery.slice(target.path.length + 1)
    const faults = rule.checkHead(target.path, query, (name) => textOf(headers[name]))
    if (faults.length > 0) return unfit(faults)
    if (!hasBody(head)) return rule.bodyRequired ? BODY_MISSING : undefined
    return bodyForm(rule, exchange.request) === 'unsupported' ? UNSUPPORTED : undefined
  }

  /** Whether the body of a request must be read before it goes on: it is looked into, or so small that it soon is here. */
  wantsBody(accepted: Accepted): boolean {
    if (!hasBody(accepted.head)) return false
    const isRead = accepted.exchange.body !== undefined
    return (!isRead && isSmall(accepted)) || this.#bodyRuleOf(accepted) !== undefined
  }

  /** Reads the body, and checks what is to be: resolves to why it does not fit, or to the bytes, if all of them came. */
  async readBody(accepted: Accepted, turns: Turns): Promise<Buffer | Refusal | BrokenOff> {
    const { request } = accepted.exchange
    const bytesMax = Math.min(accepted.matched.route.policy.bodyBytesMax ?? BODY_BYTES_MAX, BODY_BYTES_MAX)
    const body = accepted.exchange.body ?? (await readBody(request, bytesMax, turns))
    if (body === undefined) return BODY_TOO_LARGE
    const rule = this.#bodyRuleOf(accepted)
    if (!Buffer.isBuffer(body) || rule === undefined) return body
    const parsed = parseJson(body)
    if (parsed === undefined) return NO_JSON
    const faults = rule.checkBody(request.headers['content-type'] ?? '', parsed.value)
    return faults.length > 0 ? unfit(faults) : body
  }

  /** What the body of a request is to be checked by; undefined when nobody looks into it. */
  #bodyRuleOf(accepted: Accepted): RequestRule | undefined {
    const rule = this.#ruleOf(accepted)
    const isJson = rule !== undefined && bodyForm(rule, accepted.exchange.request) === 'json'
    return isJson ? rule : undefined
  }

  #ruleOf({ matched, exchange, target }: Accepted): RequestRule | undefined {
    if (!matched.route.policy.validate) return undefined
    return this.#rules.get(matched.api.id)?.find(exchange.request.method ?? '', target.path)
  }
}

/**
 * Bodies up to this size are read whole before an upstream is asked: who sends one slowly holds no connection to it, and
 * what comes in one piece goes on in one piece.
 */
const SMALL_BYTES_MAX = 16_384

/** Not one that waits to be asked for: it is, once there is a connection to send it on. */
function isSmall({ head, exchange }: Accepted): boolean {
  const isWaiting = exchange.early !== undefined || head.expectsContinue
  return !isWaiting && Number(head.contentLength) <= SMALL_BYTES_MAX
}

/** A coding hides what is in a body, and to undo it is to let a small request become a large one. */
function bodyForm(rule: RequestRule, { headers }: IncomingMessage): 'json' | 'unsupported' | 'unchecked' {
  const kind = rule.bodyKind(headers['content-type'])
  if (kind === 'unsupported') return 'unsupported'
  if (kind !== 'json') return 'unchecked'
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  return coding === 'identity' ? 'json' : 'unsupported'
}

function parseJson(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) }
  } catch {
    return undefined
  }
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value
}

function unfit(faults: readonly RequestFault[]): Refusal {
  const errors = faults.map(({ where, pointer, message }) => ({ in: where, pointer, detail: message }))
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const place = first?.pointer === '' ? `the ${first.in}` : `${first?.in} ${first?.pointer}`
  const detail = `The request does not fit the description of this API: ${place} ${first?.detail}${more}.`
  return new Refusal('invalid-request', detail, { extra: { errors } })
}

const BODY_MISSING = unfit([{ where: 'body', pointer: '', message: 'must be given' }])

const NO_JSON = new Refusal('invalid-json', 'The request body is not well-formed JSON in UTF-8.')

const UNSUPPORTED = new Refusal(
  'unsupported-media-type',
  'This endpoint does not take a body of this Content-Type or Content-Encoding.',
)
