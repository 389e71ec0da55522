import { keyAllows } from '../model/key-scope.ts'
import { corsFields } from './cors.ts'
import type { Accepted, Planned } from './exchange.ts'
import { Refusal } from './refusal.ts'
import { KEY_NOT_ALLOWED } from './refusals.ts'
import type { RequestHead } from './request-head.ts'
import { BODY_TOO_LARGE } from './upstream-problem.ts'

/** What the file says of a route itself, whoever calls: why no call is let through; undefined if they are. */
export function refuseByPolicy({ exchange, head, matched }: Accepted): Refusal | undefined {
  const { cors, maintenance } = matched.route.policy
  // Before anything is refused: a page must be able to read why.
  if (cors !== null) exchange.fields = corsFields(cors, head.origin)
  if (maintenance === null) return undefined
  return new Refusal('maintenance', maintenance.detail, {
    headers: ['Retry-After', String(maintenance.retryAfterS)],
  })
}

/** Refuses what the plan does not hold, or the key itself does not reach. */
export function refuseKey({ accepted, call }: Planned): Refusal | undefined {
  const { refusal, caller, matched } = call
  const { grant } = caller
  if (refusal !== undefined) return refusal
  if (grant === undefined || (grant.routes === null && grant.ips === null)) return undefined
  const { ip } = accepted.exchange.origin
  return keyAllows(grant, { routeId: matched.route.id, ip }) ? undefined : KEY_NOT_ALLOWED
}

/** Refuses a body that says of itself that it is larger than its route takes. */
export function refuseLength({ head, matched }: Accepted): Refusal | undefined {
  const { bodyBytesMax } = matched.route.policy
  return bodyBytesMax !== null && Number(head.contentLength ?? 0) > bodyBytesMax ? BODY_TOO_LARGE : undefined
}

/** Whether a request has a body to read. */
export function hasBody({ chunked, contentLength }: RequestHead): boolean {
  return chunked || (contentLength !== undefined && contentLength !== '0')
}
