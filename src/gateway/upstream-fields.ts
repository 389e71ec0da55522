import type { FieldChanges } from '../model/route-policy.ts'
import type { Limited } from './exchange.ts'
import { forwardedValue } from './origin.ts'
import { removeNamed } from './request-head.ts'

/** The fields that go upstream: the client's, who calls, and where from. */
export function upstreamFields(limited: Limited, hasBody: boolean): string[] {
  const { accepted, call } = limited.planned
  const { head, exchange } = accepted
  const fields = head.forward
  const { origin } = exchange
  const { requestFields } = call.matched.route.policy
  if (requestFields !== null) changeFields(fields, requestFields)
  const { secret } = call.matched.api
  if (secret !== null) {
    // Some servers read - and _ alike.
    removeNamed(fields, `${secret.header},${secret.header.replaceAll('-', '_')}`)
    fields.push(secret.header, secret.value)
  }
  for (const field of call.caller.identity) fields.push(field)
  fields.push(
    'x-request-id',
    exchange.requestId,
    'x-forwarded-for',
    origin.chain.length === 1 ? origin.ip : origin.chain.join(', '),
    'x-forwarded-proto',
    origin.proto,
    'x-forwarded-host',
    origin.host,
    'forwarded',
    forwardedValue(origin),
  )
  if (head.acceptsTrailers) fields.push('te', 'trailers')
  if (hasBody && head.contentLength !== undefined && exchange.body === undefined)
    fields.push('content-length', head.contentLength)
  return fields
}

/** Takes fields out and puts others in, as the file says. `fields` are name, value, name, value … */
export function changeFields(fields: string[], { remove, set }: FieldChanges): void {
  if (remove.length > 0) removeNamed(fields, remove.join(','))
  for (const part of set) fields.push(part)
}
