import type { Limited } from './exchange.ts'

/** The fields that go upstream: the client's, who calls, and where from. */
export function upstreamFields(limited: Limited, hasBody: boolean): string[] {
  const { accepted, call } = limited.planned
  const { head, exchange } = accepted
  const fields = head.forward
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
