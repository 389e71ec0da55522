import { OpenAPIHono } from '@hono/zod-openapi'
import { GatezError } from '../errors/gatez-error.ts'
import { guard, problemAnswer, statusOf } from './answering.ts'
import type { Asking } from './asking.ts'
import { actorOf, authenticate, authorize, checkCsrf, checkVisit } from './authenticate.ts'
import { originOf } from './check-origin.ts'
import type { ControlParts } from './control-parts.ts'
import type { ControlContext, ControlEnv, ControlPlace } from './control-place.ts'
import { offerToMachines } from './door-app.ts'
import { etagOf } from './etag.ts'
import { KeptRequests } from './kept-requests.ts'
import { writeTenants } from './metrics.ts'
import { openApiDocument } from './openapi-document.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { readInput } from './read-input.ts'
import { networkOf, takePlace } from './throttle.ts'
import { offerPages } from './web-pages.ts'

/** What answers requests: a `fetch`, with what Node knows of each. */
export type ControlApp = OpenAPIHono<ControlEnv>

/**
 * The control API: every operation on its route, and nothing else.
 *
 * Catches everything: what is thrown becomes a problem document, and what was not thrown on purpose says
 * nothing of what it was.
 */
export function controlApp(parts: ControlParts, place: ControlPlace): ControlApp {
  const app: ControlApp = new OpenAPIHono<ControlEnv>()
  const kept = new KeptRequests(parts)
  const operations = Object.values<Operation>(OPERATIONS).filter(
    ({ path }) => !place.isPortal || path.startsWith('/api/portal/'),
  )
  app.use('*', guard(parts, place))
  app.onError((error, context) => problemAnswer(parts, context, error))
  app.notFound((context) => problemAnswer(parts, context, missing(operations, context)))
  offerToMachines(app, parts, place, (to) => writeTenants(to, parts))
  if (!place.isPortal) app.get('/api/openapi.json', (context) => context.json(openApiDocument(parts.version)))
  for (const operation of operations) {
    const answer = (context: ControlContext) => answerOne({ parts, place, kept }, operation, context)
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

async function answerOne(app: AppParts, operation: Operation, context: ControlContext): Promise<Response> {
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

function jsonAnswer(context: ControlContext, operation: Operation, answer: unknown): Response {
  const text = JSON.stringify(answer)
  if (operation.method === 'get' && !operation.isSecret) {
    const etag = etagOf(text)
    context.header('etag', etag)
    if (context.req.header('if-none-match') === etag) return context.newResponse(null, 304)
  }
  context.header('content-type', 'application/json; charset=utf-8')
  return context.newResponse(text, operation.status)
}

/** A path that is not offered, or not with this method. */
function missing(operations: readonly Operation[], { req }: ControlContext): GatezError {
  const allow = operations
    .filter(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(req.path))
    .map(({ method }) => method.toUpperCase())
  if (allow.length === 0) return new GatezError('no-route', 'The control API has no such endpoint.')
  const detail = `${req.method.slice(0, 20)} is not offered here; ${allow.join(', ')} is.`
  return new GatezError('method-not-allowed', detail, { extra: { allow } })
}

const EMPTY = [204, 205, 304] as const

async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  for await (const piece of body) yield piece
}
