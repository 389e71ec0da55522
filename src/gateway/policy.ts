import { corsFields } from './cors.ts'
import type { Accepted } from './exchange.ts'
import { Refusal } from './refusal.ts'
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

/** Refuses a body that says of itself that it is larger than its route takes. */
export function refuseLength({ head, matched }: Accepted): Refusal | undefined {
  const { bodyBytesMax } = matched.route.policy
  return bodyBytesMax !== null && Number(head.contentLength ?? 0) > bodyBytesMax ? BODY_TOO_LARGE : undefined
}

/** Whether a request has a body to read. */
export function hasBody({ chunked, contentLength }: RequestHead): boolean {
  return chunked || (contentLength !== undefined && contentLength !== '0')
}
