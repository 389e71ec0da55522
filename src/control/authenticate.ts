import { csrfTokenOf } from '../access/open-session.ts'
import { findVisit } from '../access/visit-tenant.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { hashSecret, sha256Hex, tokenIsWellFormed } from '../model/key.ts'
import { tokenHolds, tokenMay } from '../model/token.ts'
import type { Principal } from './asking.ts'
import type { AuthParts } from './control-parts.ts'
import type { Access, Operation } from './operation.ts'
import { sessionCookieOf } from './session-cookie.ts'
import { networkOf, takePlace } from './throttle.ts'

/** Tokens and cookies that are none, of one address in any minute. */
const FAILURES = 60

/** Who asks: by a token, or by the cookie of a session. Throws `invalid-token` for what is none. */
export async function authenticate(parts: AuthParts, request: Credentials): Promise<Principal> {
  const { header } = request
  const secret = header('x-gatez-token') ?? bearerOf(header('authorization'))
  const cookie = sessionCookieOf(header('cookie'), request.isPortal)
  if (secret === undefined && cookie === undefined) return { kind: 'nobody' }
  const found = secret === undefined ? await sessionOf(parts, cookie) : await tokenOf(parts, secret)
  if (found !== undefined) return found
  takePlace(parts, `failed ${networkOf(request.ip)}`, FAILURES, 'too-many-requests')
  if (secret === undefined) return { kind: 'nobody' }
  throw new GatezError('invalid-token', 'The token is mistyped, unknown, expired or revoked.')
}

export interface Credentials {
  readonly header: (name: string) => string | undefined
  readonly ip: string
  /** Whether it came to the listener of the portal. */
  readonly isPortal: boolean
}

/** Refuses who may not ask this. */
export function authorize(access: Access, principal: Principal): void {
  if (access.by === 'anyone') return
  if (principal.kind === 'nobody') throw new GatezError('missing-token', 'This needs a token, or a session.')
  if (access.by === 'session') {
    if (principal.kind === 'token' || principal.kind === 'local')
      throw new GatezError('missing-token', 'This is about a session; a token has none.')
    return
  }
  if (access.by === 'member') {
    if (principal.kind === 'visitor') return
    if (principal.kind !== 'member')
      throw new GatezError('missing-token', 'This needs the session of a member.')
    if (access.roles.includes(principal.role)) return
    const detail = `This is for ${access.roles.join(' and ')}; you are ${principal.role}.`
    throw new GatezError('not-permitted', detail)
  }
  if (principal.kind === 'operator' || principal.kind === 'local') return
  if (principal.kind === 'member' || principal.kind === 'visitor')
    throw new GatezError('missing-token', 'This needs a token of the operator.')
  if (tokenMay(principal, access.scope)) return
  if (access.or !== undefined && tokenMay(principal, access.or)) return
  const detail = `This needs a token with the scope ${access.scope}; this one has ${principal.scopes.join(', ') || 'none'}.`
  throw new GatezError('insufficient-scope', detail)
}

/** Refuses everything to who visits but to read what every member may, and to leave. */
export function checkVisit(
  { method, access, isSecret, anyMethod }: Pick<Operation, 'method' | 'access' | 'isSecret' | 'anyMethod'>,
  principal: Principal,
): void {
  if (principal.kind !== 'visitor' || access.by === 'session' || access.by === 'anyone') return
  const isForAll = access.by === 'member' && access.roles.includes('viewer')
  if (isForAll && method === 'get' && !isSecret && !anyMethod) return
  throw new GatezError('not-permitted', 'You look at this as its operator; only a member may do that.')
}

/** Refuses a change that a page asks for which could not read the session it rides on. */
export function checkCsrf(
  { method, access, id }: Pick<Operation, 'method' | 'access' | 'id'>,
  principal: Principal,
  { header, isPortal }: Credentials,
): void {
  const isSession =
    principal.kind === 'member' || principal.kind === 'operator' || principal.kind === 'visitor'
  // What is tried is a call, whatever its method: it costs.
  if (!isSession || (method === 'get' && id !== 'tryCall') || access.by === 'anyone') return
  const cookie = sessionCookieOf(header('cookie'), isPortal)?.value ?? ''
  if (header('x-csrf-token') === csrfTokenOf(cookie)) return
  throw new GatezError('csrf-token-invalid', 'x-csrf-token is missing, or of another session.')
}

/** Who a request is signed with. */
export function actorOf(principal: Principal): string {
  if (principal.kind === 'nobody') return 'anyone'
  if (principal.kind === 'token') return `token:${principal.id}`
  if (principal.kind === 'local') return principal.actor
  if (principal.kind === 'member') return `member:${principal.memberId}`
  return `operator:${principal.sessionId}`
}

/** The token in `Authorization: Bearer`, that of gatez only: others are for whoever stands behind. */
function bearerOf(field: string | undefined): string | undefined {
  const [, token] = /^bearer +(gzt_\S*) *$/i.exec(field ?? '') ?? []
  if (token !== undefined || field === undefined || /^bearer +gz_/i.test(field)) return token
  return ''
}

async function tokenOf({ store, clock }: AuthParts, secret: string): Promise<Principal | undefined> {
  if (!tokenIsWellFormed(secret)) return undefined
  const token = await store.tokens.findByHash(hashSecret(secret))
  if (token === undefined || !tokenHolds(token, clock.nowMs())) return undefined
  return { kind: 'token', id: token.id, scopes: token.scopes }
}

async function sessionOf(
  { store, clock }: AuthParts,
  cookie: ReturnType<typeof sessionCookieOf>,
): Promise<Principal | undefined> {
  if (cookie === undefined) return undefined
  if (cookie.isVisit) {
    const visit = await findVisit({ store, clock }, cookie.value)
    if (visit === undefined) return undefined
    return { kind: 'visitor', tenantId: visit.tenantId, sessionId: visit.sessionId, visit }
  }
  const session = await store.sessions.findByHash(sha256Hex(cookie.value))
  if (session === undefined || session.expiresAtMs <= clock.nowMs()) return undefined
  const { id: sessionId, hash: sessionHash } = session
  if (session.kind === 'operator') return { kind: 'operator', sessionId, sessionHash }
  const member = session.memberId === null ? undefined : await store.sessions.findMember(session.memberId)
  if (member === undefined) return undefined
  const tenant = await store.tenants.find(member.tenantId)
  if (tenant === undefined || tenant.state === 'deleted') return undefined
  const { id: memberId, tenantId, email, role } = member
  return { kind: 'member', memberId, tenantId, email, role, sessionId, sessionHash }
}
