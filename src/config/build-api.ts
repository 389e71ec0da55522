import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Api, Breaker, Route, UpstreamTls } from '../model/api.ts'
import type { Cors, FieldChanges, Idempotency, PathRewrite, RoutePolicy } from '../model/route-policy.ts'
import type { File } from './schema.ts'

/** Turns a checked entry of `apis` into the api: what a route does not say, its api says for it. */
export function toApi(api: WrittenApi, folder: string): Api {
  return {
    id: api.id,
    hosts: api.hosts,
    upstreams: api.upstream,
    balance: api.balance,
    connectionsMax: api.connections,
    health: api.health === null ? null : toHealth(api.health),
    breaker: toBreaker(api),
    openapi: api.openapi === undefined ? null : resolve(folder, api.openapi),
    requestRules: validates(api) && api.openapi !== undefined ? readText(api.openapi, folder) : null,
    secret: api.secret ?? null,
    tls: api.tls === undefined ? null : toTls(api.tls, folder),
    connectMs: api.timeouts.connect,
    routes: api.routes.map((route) => toRoute(route, api)),
  }
}

type WrittenApi = File['apis'][number]
type WrittenRoute = WrittenApi['routes'][number]

/** The text of a file, as it is now: a reload finds a new one, and threads need not read files. */
export function readText(path: string, folder: string): string {
  return readFileSync(resolve(folder, path), 'utf8')
}

/** Whether any of its routes checks requests. */
function validates({ validate = false, routes }: WrittenApi): boolean {
  return routes.some((route) => route.validate ?? validate)
}

function toHealth(health: NonNullable<WrittenApi['health']>): Api['health'] {
  return {
    path: health.path,
    everyMs: health.every,
    timeoutMs: health.timeout,
    healthyAfter: health.healthy_after,
    unhealthyAfter: health.unhealthy_after,
    statuses: health.statuses,
  }
}

/** With several upstreams one that fails is passed over even if nothing is said of it. */
function toBreaker({ breaker, upstream }: WrittenApi): Breaker | null {
  if (breaker === null || (breaker === undefined && upstream.length === 1)) return null
  return {
    failures: breaker?.failures ?? 5,
    openMs: breaker?.open ?? 10_000,
    statuses: breaker?.statuses ?? [[502, 504]],
  }
}

function toTls(tls: NonNullable<WrittenApi['tls']>, folder: string): UpstreamTls {
  const read = (path: string | undefined): string | null =>
    path === undefined ? null : readText(path, folder)
  return { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key), serverName: tls.server_name ?? null }
}

function toRoute(route: WrittenRoute, api: WrittenApi): Route {
  const { id, match, cost, requires, auth } = route
  return { id, ...match, cost, requires, auth, policy: toPolicy(route, api) }
}

function toPolicy(route: WrittenRoute, api: WrittenApi): RoutePolicy {
  const maintenance = route.maintenance === undefined ? api.maintenance : route.maintenance
  const cors = route.cors === undefined ? api.cors : route.cors
  const idempotency = route.idempotency === undefined ? api.idempotency : route.idempotency
  const maxBody = route.max_body === undefined ? api.max_body : route.max_body
  return {
    headersMs: route.timeouts.headers ?? api.timeouts.headers,
    idleMs: route.timeouts.idle ?? api.timeouts.idle,
    retries: route.retries ?? api.retries ?? 1,
    bodyBytesMax: maxBody ?? null,
    rewrite: toRewrite(route, api),
    requestFields: joined(api.request_headers, route.request_headers),
    responseFields: joined(api.response_headers, route.response_headers),
    cors: cors == null ? null : toCors(cors),
    maintenance:
      maintenance == null
        ? null
        : { detail: maintenance.detail, retryAfterS: Math.ceil(maintenance.retry_after / 1000) },
    validate: route.validate ?? api.validate ?? false,
    idempotency: idempotency == null ? null : toIdempotency(idempotency),
  }
}

function toIdempotency(written: NonNullable<WrittenApi['idempotency']>): Idempotency {
  return { keepMs: written.keep, bodyBytesMax: written.max_body, answerBytesMax: written.max_answer }
}

function toRewrite(route: WrittenRoute, api: WrittenApi): PathRewrite | null {
  if (route.rewrite !== undefined) return { kind: 'template', template: route.rewrite }
  return api.strip_prefix === undefined ? null : { kind: 'strip', prefix: api.strip_prefix }
}

/** Both hold; of one name the route's. */
function joined(
  ofApi: WrittenApi['request_headers'],
  ofRoute: WrittenRoute['request_headers'],
): FieldChanges | null {
  if (ofApi === undefined && ofRoute === undefined) return null
  const set = new Map<string, readonly [string, string]>()
  for (const fields of [ofApi?.set ?? [], ofRoute?.set ?? []]) {
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const [name = '', value = ''] = fields.slice(index)
      set.set(name.toLowerCase(), [name, value])
    }
  }
  const removed = [...(ofApi?.remove ?? []), ...(ofRoute?.remove ?? [])]
  for (const name of ofRoute?.remove ?? []) {
    if (!(ofRoute?.set ?? []).some((field) => field.toLowerCase() === name)) set.delete(name)
  }
  return { remove: [...new Set([...removed, ...set.keys()])], set: [...set.values()].flat() }
}

function toCors(cors: NonNullable<WrittenApi['cors']>): Cors {
  const { origins, methods, headers, expose, credentials } = cors
  return { origins, methods, headers, expose, credentials, maxAgeS: Math.ceil(cors.max_age / 1000) }
}
