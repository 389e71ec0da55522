import type { RoutePolicy } from './route-policy.ts'

/** An upstream with routes, as written in `gatez.yaml`. */
export interface Api {
  readonly id: string
  /** Lower-case host names it answers to; empty = every host. */
  readonly hosts: readonly string[]
  /** Where its calls go, one or more: origin and optional base path, as `http://127.0.0.1:9000/base`. */
  readonly upstreams: readonly string[]
  readonly balance: 'round-robin' | 'least-pending'
  /** To each of its upstreams, of each gateway thread; null = as many as there are calls. */
  readonly connectionsMax: number | null
  /** How gatez asks upstreams by itself whether they are well; null = it does not ask. */
  readonly health: HealthCheck | null
  /** When calls to an upstream that fails are held back; null = never. */
  readonly breaker: Breaker | null
  /** Path of its OpenAPI file, absolute; null when it has none. */
  readonly openapi: string | null
  /** The text of that file, when requests are checked against it. */
  readonly requestRules: string | null
  /** Tells the upstream that a call came through gatez; null when nothing does. */
  readonly secret: UpstreamSecret | null
  /** What is special about TLS to it; null when nothing is. */
  readonly tls: UpstreamTls | null
  /** For a connection to an upstream. */
  readonly connectMs: number
  readonly routes: readonly Route[]
}

/** A question to each upstream, ever again, and what its answers mean. */
export interface HealthCheck {
  /** Asked with GET, behind the base path. */
  readonly path: string
  readonly everyMs: number
  readonly timeoutMs: number
  /** So many good answers in a row bring an upstream back, so many bad ones take it out. */
  readonly healthyAfter: number
  readonly unhealthyAfter: number
  readonly statuses: StatusRanges
}

/** After `failures` in a row an upstream gets no call for `openMs`, then one to try it with. */
export interface Breaker {
  readonly failures: number
  readonly openMs: number
  /** Answers that count as failures, beside no answer at all. */
  readonly statuses: StatusRanges
}

/** A header field, lower case, and what gatez writes into it. */
export interface UpstreamSecret {
  readonly header: string
  readonly value: string
}

/** PEM texts. */
export interface UpstreamTls {
  /** Who may have signed the upstream's certificate; null = whom Node trusts. */
  readonly ca: string | null
  /** What gatez shows the upstream, and the private key to it. */
  readonly cert: string | null
  readonly key: string | null
  /** The name the upstream's certificate must be for; null = the host of its URL. */
  readonly serverName: string | null
}

export interface Route {
  /** Unique among all apis. */
  readonly id: string
  /** Upper case; empty = any method. */
  readonly methods: readonly string[]
  /** As `/v1/lookup/{id}` or `/{rest*}`. */
  readonly path: string
  /** What a call costs in `units`; a whole number, 0 or more. */
  readonly cost: number
  /** Features a plan must have to call it. */
  readonly requires: readonly string[]
  /** `none` opens the route to everyone: logged without tenant, never billed. */
  readonly auth: 'key' | 'none'
  readonly policy: RoutePolicy
}

/** A feature that a route can require: its id and the label customers read. */
export interface Feature {
  readonly id: string
  readonly label: string
}

/** Inclusive ranges of status codes, as [[200, 299], [101, 101]]. */
export type StatusRanges = readonly (readonly [number, number])[]

/** Statuses that count unless a meter says otherwise (design 6). */
export const COUNTED_STATUSES: StatusRanges = [
  [200, 299],
  [101, 101],
]

/** Whether a status lies in one of the ranges. */
export function statusCounts(ranges: StatusRanges, status: number): boolean {
  for (const [first, last] of ranges) if (status >= first && status <= last) return true
  return false
}
