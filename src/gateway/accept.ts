import type { IncomingMessage } from 'node:http'
import { holdsSecret } from '../model/key.ts'
import type { Clients } from './clients.ts'
import { preflightFields } from './cors.ts'
import type { Accepted, Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'
import { hostName, type RequestHead, readRequestHead } from './request-head.ts'
import type { MatchedRoute, RouteMiss, Router } from './router.ts'
import { readTarget, TARGET_LENGTH_MAX } from './target.ts'

/** More fields than this are refused, never cut off: a key was lost that way elsewhere. */
const FIELDS_MAX = 100

/** Lengths with more digits are beyond whole numbers of a double. */
const LENGTH_DIGITS_MAX = 15

/** A request id of the client that is kept: visible, short, nothing that could break a log line. */
const REQUEST_ID = /^[A-Za-z0-9._:/+=@-]{1,128}$/

/** Stage 1: is the request well-formed, and which route is it for? */
export function accept(
  exchange: Exchange,
  router: Router,
  clients: Clients,
): Accepted | PreflightAnswer | Refusal {
  const head = readHead(exchange, clients)
  if (head instanceof Refusal) return head
  const { request } = exchange
  const target = readTarget(request.url ?? '')
  if (target === undefined) {
    return new Refusal('invalid-target', 'The path has a form that two servers could read differently.')
  }
  const host = hostName(head.host)
  if (request.method === 'OPTIONS' && head.askedMethod !== undefined) {
    const answer = answerPreflight(head, router.match(host, head.askedMethod, target.path))
    if (answer !== undefined) return answer
  }
  const matched = router.match(host, request.method ?? '', target.path)
  if (request.method === 'TRACE') return NO_TRACE
  if ('route' in matched) return { exchange, head, target, matched }
  if (matched.allow.length === 0) return new Refusal('no-route', `No endpoint matches ${target.path}.`)
  const allow = [...new Set(matched.allow)].sort().join(', ')
  return new Refusal('method-not-allowed', `${request.method} is not offered here; ${allow} is.`, {
    headers: ['Allow', allow],
  })
}

/**
 * Reads the head of a request, whoever is to answer it, and notes who sent it.
 *
 * Refused is what two servers could read differently: the one before gatez may be the other.
 */
export function readHead(exchange: Exchange, clients: Clients): RequestHead | Refusal {
  const { request } = exchange
  if (request.rawHeaders.length > FIELDS_MAX * 2) {
    return new Refusal('headers-too-large', `The request has more than ${FIELDS_MAX} header fields.`)
  }
  if (request.httpVersionMajor !== 1) {
    return new Refusal('malformed-request', 'The only versions of HTTP spoken here are 1.0 and 1.1.')
  }
  if ((request.url?.length ?? 0) > TARGET_LENGTH_MAX) {
    return new Refusal(
      'target-too-long',
      `The request target is longer than ${TARGET_LENGTH_MAX} characters.`,
    )
  }
  const head = readRequestHead(request.rawHeaders, request.httpVersionMinor)
  exchange.origin = clients.originOf(request, head)
  exchange.clientIp = clients.recorded(exchange.origin.ip)
  if (head.alsoForwarded !== undefined && clients.trusts(request)) head.forward.push(...head.alsoForwarded)
  const { requestId } = head
  // It is logged and goes upstream: no place for a key that a client put into the wrong field.
  if (requestId !== undefined && REQUEST_ID.test(requestId) && !holdsSecret(requestId)) {
    exchange.requestId = requestId
  }
  const hostProblem = wrongHost(request, head)
  if (hostProblem !== undefined) return new Refusal('invalid-target', hostProblem)
  if (head.chunked && request.httpVersionMinor === 0) {
    return new Refusal('malformed-request', 'HTTP/1.0 knows no transfer coding.')
  }
  if ((head.contentLength?.length ?? 0) > LENGTH_DIGITS_MAX) {
    return new Refusal('body-too-large', 'The length of the body is more than can be counted.')
  }
  if (head.codingUnknown) {
    return new Refusal('unsupported-transfer-coding', 'The only transfer coding understood here is chunked.')
  }
  if (head.expectsElse) {
    return new Refusal('expectation-failed', 'The only expectation that is met here is 100-continue.')
  }
  return head
}

/** The answer to a browser that asks whether a page may make a call, which is no call itself. */
export class PreflightAnswer {
  /** Name, value, name, value … */
  readonly fields: readonly string[]

  constructor(fields: readonly string[]) {
    this.fields = fields
  }
}

/** undefined where the file says nothing of other origins: the upstream answers then. */
function answerPreflight(head: RequestHead, matched: MatchedRoute | RouteMiss): PreflightAnswer | undefined {
  const { origin, askedMethod: method, askedHeaders: headers = '' } = head
  if (!('route' in matched) || origin === undefined || method === undefined) return undefined
  const { cors } = matched.route.policy
  return cors === null
    ? undefined
    : new PreflightAnswer(preflightFields(cors, matched, { origin, method, headers }))
}

function wrongHost(request: IncomingMessage, head: RequestHead): string | undefined {
  if (head.hostCount > 1) return 'The request has more than one Host field.'
  // HTTP/1.0 knows none.
  if (head.hostCount === 0 && request.httpVersionMinor > 0) return 'The request has no Host field.'
  return HOST.test(head.host) ? undefined : 'The Host field is no host name.'
}

/** A host name or address, and a port (RFC 9110, 7.2): no user, no path, nothing a log could trip over. */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

// It would send back to the caller what we tell the upstream of it.
const NO_TRACE = new Refusal('method-not-allowed', 'TRACE is not offered here.', {
  headers: ['Allow', 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'],
})
