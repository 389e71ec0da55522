import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isLoopback } from '../config/address.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { toProblem } from '../errors/problem.ts'
import { describeError } from '../telemetry/log.ts'
import type { Asking, Principal } from './asking.ts'
import { actorOf, authenticate, authorize, checkCsrf, checkVisit } from './authenticate.ts'
import { checkHost, checkOrigin, originOf } from './check-origin.ts'
import type { ControlParts } from './control-parts.ts'
import { etagOf } from './etag.ts'
import { KeptRequests } from './kept-requests.ts'
import { openApiDocument } from './openapi-document.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { readInput } from './read-input.ts'
import { networkOf, takePlace } from './throttle.ts'
import { offerPages } from './web-pages.ts'

/** Where an app listens: what it offers, and what of a request is believed. */
export interface ControlPlace {
  /** The portal's own listener offers the portal only. */
  readonly isPortal: boolean
  /** The address it listens on. */
  readonly host: string
  /** Who asks, where nobody else can reach it: an app without a socket. */
  readonly caller?: Extract<Principal, { kind: 'local' }>
}

/** What answers requests: a `fetch`, with what Node knows of each. */
export type ControlApp = OpenAPIHono<{ Bindings: Partial<HttpBindings> }>

type Request_ = Context<{ Bindings: Partial<HttpBindings> }>

/**
 * The control API: every operation on its route, and nothing else.
 *
 * Catches everything: what is thrown becomes a problem document, and what was not thrown on purpose says
 * nothing of what it was.
 */
export function controlApp(parts: ControlParts, place: ControlPlace): ControlApp {
  const app: ControlApp = new OpenAPIHono<{ Bindings: Partial<HttpBindings> }>()
  const kept = new KeptRequests(parts)
  const operations = Object.values<Operation>(OPERATIONS).filter(
    ({ path }) => !place.isPortal || path.startsWith('/api/portal/'),
  )
  app.use('*', async (context, next) => {
    for (const [name, value] of SAFE_FIELDS) context.header(name, value)
    context.header('x-request-id', requestIdOf(context))
    checkHost(parts, place, context)
    checkOrigin(parts, place, context)
    await next()
  })
  app.onError((error, context) => problemAnswer(parts, context, error))
  app.notFound((context) => problemAnswer(parts, context, missing(operations, context)))
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    await parts.store.changes.latestSequence()
    const ready = parts.traffic().meteringUp
    return context.json({ status: ready ? 'ready' : 'metering-unavailable' }, ready ? 200 : 503)
  })
  if (!place.isPortal) app.get('/metrics', (context) => answerMetrics(parts, place, context))
  if (!place.isPortal) app.get('/api/openapi.json', (context) => context.json(openApiDocument(parts.version)))
  for (const operation of operations) {
    const answer = (context: Request_) => answerOne({ parts, place, kept }, operation, context)
    if (operation.anyMethod) app.all(operation.path.replace(/\{(\w+)\}$/, ':$1{.*}'), answer)
    else app.on(operation.method.toUpperCase(), operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), answer)
  }
  offerPages(app, parts, place)
  return app
}

interface AppParts {
  readonly parts: ControlParts
  readonly place: ControlPlace
  readonly kept: KeptRequests
}

async function answerMetrics(parts: ControlParts, place: ControlPlace, context: Request_): Promise<Response> {
  const { access } = parts.config().telemetry.metrics
  if (access === 'off') throw new GatezError('no-route', 'The file says telemetry.metrics.access: off.')
  const { ip } = originOf(parts, place, context)
  if (access === 'token' || (access === 'local' && !isLoopback(ip))) {
    const principal = await authenticate(parts, {
      ...{ header: (name) => context.req.header(name), ip, isPortal: place.isPortal },
    })
    authorize({ by: 'operator', scope: 'read' }, principal)
  }
  // Loaded when it is asked for: most control threads are never.
  const { metricsText } = await import('./metrics.ts')
  context.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  return context.body(await metricsText(parts))
}

async function answerOne(app: AppParts, operation: Operation, context: Request_): Promise<Response> {
  const { parts, place } = app
  const url = new URL(context.req.url)
  // Without a socket there may be no Host, and the address stands for it.
  const header = (name: string): string | undefined =>
    context.req.header(name) ?? (name === 'host' ? url.host : undefined)
  const { ip } = originOf(parts, place, context)
  const principal = place.caller ?? (await authenticate(parts, { header, ip, isPortal: place.isPortal }))
  const actor = actorOf(principal)
  const perMinute = parts.config().control.requestsPerMinute
  if (perMinute !== null && principal.kind !== 'local') {
    const name = principal.kind === 'nobody' ? `requests ${networkOf(ip)}` : `requests ${actor}`
    takePlace(parts, name, perMinute, 'too-many-requests')
  }
  authorize(operation.access, principal)
  checkVisit(operation, principal)
  checkCsrf(operation, principal, { header, ip, isPortal: place.isPortal })
  const raw = { request: context.req.raw, params: context.req.param() }
  const input = await readInput(operation, raw)
  const asking: Asking = {
    ...{ principal, actor, parts, ip, header, clock: parts.clock, store: parts.store },
    ...{ isPortal: place.isPortal, method: context.req.method, target: url.pathname + url.search },
    cases: parts.casesOn(parts.store, actor),
    evidence: parts.evidence,
    desk: () => parts.deskOn(parts.store, actor),
    body: piecesOf(context.req.raw.body),
    signal: context.req.raw.signal,
    headers: context.req.raw.headers,
    setHeader: (name, value) => context.header(name, value, { append: true }),
  }
  const { answer, isReplayed } = await app.kept.run(asking, operation, input)
  if (isReplayed) context.header('idempotency-replayed', 'true')
  if (answer instanceof Response) {
    for (const [name, value] of answer.headers) context.header(name, value)
    // Of some answers that are passed on, the status says that there is no body.
    const status = EMPTY.find((each) => each === answer.status)
    if (status !== undefined) return context.newResponse(null, status)
    return context.newResponse(answer.body, statusOf(answer.status))
  }
  return jsonAnswer(context, operation, answer)
}

function jsonAnswer(context: Request_, operation: Operation, answer: unknown): Response {
  const text = JSON.stringify(answer)
  if (operation.method === 'get' && !operation.isSecret) {
    const etag = etagOf(text)
    context.header('etag', etag)
    if (context.req.header('if-none-match') === etag) return context.newResponse(null, 304)
  }
  context.header('content-type', 'application/json; charset=utf-8')
  return context.newResponse(text, operation.status)
}

function problemAnswer(parts: ControlParts, context: Request_, thrown: unknown): Response {
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

/** A path that is not offered, or not with this method. */
function missing(operations: readonly Operation[], { req }: Request_): GatezError {
  const allow = operations
    .filter(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(req.path))
    .map(({ method }) => method.toUpperCase())
  if (allow.length === 0) return new GatezError('no-route', 'The control API has no such endpoint.')
  const detail = `${req.method.slice(0, 20)} is not offered here; ${allow.join(', ')} is.`
  return new GatezError('method-not-allowed', detail, { extra: { allow } })
}

/** That of the client when it is well-formed, else one of ours; the same for the whole request. */
function requestIdOf(context: Request_): string {
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
function statusOf(status: number) {
  const known = STATUSES.find((each) => each === status)
  return known ?? 500
}

const STATUSES = [
  ...([200, 201, 202, 203, 206, 207, 208, 226, 300, 301, 302, 303, 305, 306, 307, 308] as const),
  ...([400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417] as const),
  ...([418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451] as const),
  ...([500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511] as const),
]

const EMPTY = [204, 205, 304] as const

async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  for await (const piece of body) yield piece
}

const SAFE_FIELDS = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
] as const
