import type { MiddlewareHandler } from 'hono'
import { GatezError } from '../errors/gatez-error.ts'
import { toProblem } from '../errors/problem.ts'
import { describeError } from '../telemetry/log.ts'
import { checkHost, checkOrigin } from './check-origin.ts'
import type { ControlParts } from './control-parts.ts'
import type { ControlContext, ControlEnv, ControlPlace } from './control-place.ts'

/** What every answer carries, and what no page may ask: before all that is offered. */
export function guard(parts: AnsweringParts, place: ControlPlace): MiddlewareHandler<ControlEnv> {
  return async (context, next) => {
    for (const [name, value] of SAFE_FIELDS) context.header(name, value)
    context.header('x-request-id', requestIdOf(context))
    checkHost(parts, place, context)
    checkOrigin(parts, place, context)
    await next()
  }
}

/** What answering needs, whatever is asked. */
export type AnsweringParts = Pick<ControlParts, 'config' | 'log'>

/** Anything thrown, as a problem document; what was not thrown on purpose goes to the log, and nowhere else. */
export function problemAnswer(parts: AnsweringParts, context: ControlContext, thrown: unknown): Response {
  const requestId = requestIdOf(context)
  if (!(thrown instanceof GatezError)) {
    parts.log.error({ ...describeError(thrown), request_id: requestId }, 'a control request failed')
  }
  const problem = toProblem(thrown, { requestId, docsUrl: parts.config().docsUrl })
  for (const [name, value] of SAFE_FIELDS) context.header(name, value)
  context.header('x-request-id', requestId)
  if (problem.status === 401) context.header('www-authenticate', 'Bearer realm="gatez"')
  if (typeof problem.retry_after === 'number') context.header('retry-after', String(problem.retry_after))
  else if (problem.status === 503) context.header('retry-after', '1')
  if (Array.isArray(problem.allow)) context.header('allow', problem.allow.join(', '))
  context.header('content-type', 'application/problem+json')
  return context.newResponse(JSON.stringify(problem), statusOf(problem.status))
}

/** That of the client when it is well-formed, else one of ours; the same for the whole request. */
export function requestIdOf(context: ControlContext): string {
  const known = requestIds.get(context.req.raw)
  if (known !== undefined) return known
  const given = context.req.header('x-request-id')
  const isKept = given !== undefined && /^[A-Za-z0-9._:/+=@-]{1,128}$/.test(given) && !/gzt?_/.test(given)
  const id = isKept ? given : crypto.randomUUID()
  requestIds.set(context.req.raw, id)
  return id
}

const requestIds = new WeakMap<Request, string>()

/** Any status but the few that must have no body, for which the type of a response stands. */
export function statusOf(status: number) {
  const known = STATUSES.find((each) => each === status)
  return known ?? 500
}

const STATUSES = [
  ...([200, 201, 202, 203, 206, 207, 208, 226, 300, 301, 302, 303, 305, 306, 307, 308] as const),
  ...([400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417] as const),
  ...([418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451] as const),
  ...([500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511] as const),
]

const SAFE_FIELDS = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
] as const
