import type { Limited } from './exchange.ts'
import { removeNamed } from './request-head.ts'

/** The fields that go upstream: the client's, who calls, and where from. */
export function upstreamFields(limited: Limited, hasBody: boolean): string[] {
  const { accepted, call } = limited.planned
  const { head, exchange } = accepted
  const fields = head.forward
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
    exchange.request.socket.remoteAddress ?? '',
    'x-forwarded-proto',
    'http',
    'x-forwarded-host',
    head.host,
  )
  if (head.acceptsTrailers) fields.push('te', 'trailers')
  if (hasBody && head.contentLength !== undefined) fields.push('content-length', head.contentLength)
  return fields
}
