import { traceparentOf } from '../telemetry/trace.ts'
import type { Limited } from './exchange.ts'
import { forwardedValue } from './origin.ts'
import { removeFields } from './response-head.ts'

/** The fields that go upstream: the client's, who calls, and where from. */
export function upstreamFields(limited: Limited, hasBody: boolean): string[] {
  const { accepted, call } = limited.planned
  const { head, exchange } = accepted
  const fields = head.forward
  const { origin } = exchange
  const { requestFields } = call.matched.route.policy
  if (requestFields !== null) {
    removeFields(fields, (name) => requestFields.remove.some((removed) => readAlike(name, removed)))
    for (const part of requestFields.set) fields.push(part)
  }
  const { secret } = call.matched.api
  if (secret !== null) {
    removeFields(fields, (name) => readAlike(name, secret.header))
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
  const { trace } = exchange
  if (trace !== undefined) {
    fields.push('traceparent', traceparentOf(trace))
    // What others keep of a trace is about that trace only.
    if (trace.parentId !== '' && head.tracestate !== undefined) fields.push('tracestate', head.tracestate)
  }
  if (head.acceptsTrailers) fields.push('te', 'trailers')
  if (hasBody && head.contentLength !== undefined && exchange.body === undefined)
    fields.push('content-length', head.contentLength)
  return fields
}

/** Whether some server takes one name for the other: CGI and its heirs read - and _ alike. In lower case. */
function readAlike(one: string, other: string): boolean {
  return one.length === other.length && one.replaceAll('_', '-') === other.replaceAll('_', '-')
}
