import type { Cors } from '../model/route-policy.ts'
import type { MatchedRoute } from './router.ts'

/**
 * The fields that let a page of another origin read an answer; those of an origin that may not are left out.
 *
 * `Vary` tells caches that the answer depends on who asked, also where no page did: what is kept of it must
 * not be given to one. `origin` is undefined when no browser names one.
 */
export function corsFields(cors: Cors, origin: string | undefined): readonly string[] {
  const allowed = origin === undefined ? undefined : allowedOrigin(cors, origin)
  const vary = cors.origins === 'any' ? [] : ['Vary', 'Origin']
  if (allowed === undefined) return vary
  const fields = ['Access-Control-Allow-Origin', allowed, ...vary]
  if (cors.credentials) fields.push('Access-Control-Allow-Credentials', 'true')
  fields.push('Access-Control-Expose-Headers', [...OUR_FIELDS, ...cors.expose].join(', '))
  return fields
}

/** The fields that answer a browser's question before a call (Fetch, 4.8: CORS-preflight). */
export function preflightFields(cors: Cors, matched: MatchedRoute, question: Preflight): readonly string[] {
  const allowed = allowedOrigin(cors, question.origin)
  const fields = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']
  if (allowed === undefined) return fields
  const { methods } = matched.route
  const listed = cors.methods.length > 0 ? cors.methods : methods
  const offered = listed.length > 0 ? listed.join(', ') : readNames(question.method)
  fields.push('Access-Control-Allow-Origin', allowed, 'Access-Control-Allow-Methods', offered)
  const headers = cors.headers.length > 0 ? cors.headers.join(', ') : readNames(question.headers)
  if (headers !== '') fields.push('Access-Control-Allow-Headers', headers)
  if (cors.credentials) fields.push('Access-Control-Allow-Credentials', 'true')
  fields.push('Access-Control-Max-Age', String(cors.maxAgeS))
  return fields
}

/** What a browser asks before a call that a page could not make of itself. */
export interface Preflight {
  readonly origin: string
  readonly method: string
  /** Names of header fields, as sent. */
  readonly headers: string
}

/** Takes what the upstream says of origins out of its answer: of one answer only one may speak. */
export function isCorsField(name: string): boolean {
  return name.startsWith('access-control-')
}

function allowedOrigin({ origins }: Cors, origin: string): string | undefined {
  if (origins === 'any') return '*'
  return origins.includes(origin) ? origin : undefined
}

/** Only what is a list of names goes back. */
function readNames(list: string): string {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+(?: *, *[A-Za-z0-9!#$%&'*+.^_`|~-]+)*$/.test(list) ? list : ''
}

/** What a page may read of gatez: what is left, and what went wrong. */
const OUR_FIELDS = [
  ...['x-request-id', 'gatez-error', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
]
