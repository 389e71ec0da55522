import { z } from '@hono/zod-openapi'
import { acceptLink } from '../../access/accept-link.ts'
import { csrfTokenOf, type OpenedSession } from '../../access/open-session.ts'
import { requestReset } from '../../access/request-reset.ts'
import { signIn } from '../../access/sign-in.ts'
import { signInOperator } from '../../access/sign-in-operator.ts'
import { signUp } from '../../access/sign-up.ts'
import { endVisit } from '../../access/visit-tenant.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { Asking } from '../asking.ts'
import { operation } from '../operation.ts'
import { words } from '../schemas.ts'
import {
  cookieField,
  isSecure,
  readCookie,
  SESSION_COOKIE,
  sessionCookieOf,
  VISIT_COOKIE,
  VISIT_PATH,
} from '../session-cookie.ts'
import { throttleSignIn } from '../throttle.ts'

const ANYONE = { by: 'anyone' } as const
const email = words(300).openapi({ example: 'ann@example.com' })
const password = z.string().max(1_000)
const token = z.string().min(1).max(300)

const visitSchema = z.object({
  tenant_id: z.string(),
  by: z.string().openapi({ description: 'Who looks: an operator.' }),
  expires_at: z.string(),
})

/** Who is signed in. */
export const sessionSchema = z
  .object({
    kind: z.enum(['operator', 'member', 'visitor']),
    csrf_token: z.string(),
    member: z
      .object({ id: z.string(), email: z.string(), role: z.string(), tenant_id: z.string() })
      .nullable(),
    visit: visitSchema.nullable(),
  })
  .openapi('Session')

/** Who is signed in, as pages are told. */
export type SessionView = z.output<typeof sessionSchema>

const SESSION = {
  kind: 'member',
  csrf_token: '5f2b…',
  member: { id: 'mem_2f6k8m0q1r3t5w7x9z2b', email: 'ann@example.com', role: 'developer', tenant_id: 'acme' },
  visit: null,
}
const done = z.object({ done: z.boolean() })
const MAILED = { done: true }

const portalTerms = operation({
  id: 'portalTerms',
  method: 'get',
  path: '/api/portal/v1/terms',
  tag: 'session',
  summary: 'Say how one comes in: whether everybody may sign up, and whether by a provider of identities.',
  access: ANYONE,
  input: z.object({}),
  answer: z.object({ sign_up: z.enum(['open', 'invited', 'closed']), oidc: z.boolean() }),
  example: { input: {}, answer: { sign_up: 'invited', oidc: false } },
  handle: async ({ parts }) => {
    const { signUp: sign_up, oidc } = parts.config().portal
    return { sign_up, oidc: oidc !== null }
  },
})

const signInMember = operation({
  id: 'signIn',
  method: 'post',
  path: '/api/portal/v1/session',
  tag: 'session',
  summary: 'Sign in as a member; the cookie of the answer is the session.',
  access: ANYONE,
  input: z.object({ email, password, tenant: words(200).optional() }),
  answer: sessionSchema,
  status: 201,
  isSecret: true,
  errors: ['sign-in-failed', 'too-many-sign-ins'],
  example: { input: { email: 'ann@example.com', password: 'correct horse battery' }, answer: SESSION },
  handle: async (asking, request) => {
    throttleSignIn(asking, request.email)
    const { member, ...opened } = await signIn(asking, request)
    return entered(asking, opened, member)
  },
})

const showSession = operation({
  id: 'showSession',
  method: 'get',
  path: '/api/portal/v1/session',
  tag: 'session',
  summary: 'Who is signed in, and what a page sends with each change.',
  access: { by: 'session' },
  input: z.object({}),
  answer: sessionSchema,
  example: { input: {}, answer: SESSION },
  handle: async (asking): Promise<SessionView> => {
    const { principal } = asking
    const csrf_token = csrfOf(asking)
    if (principal.kind === 'visitor') {
      const { tenantId: tenant_id, by, expiresAtMs } = principal.visit
      const visit = { tenant_id, by, expires_at: isoTime(expiresAtMs) }
      return { kind: 'visitor', csrf_token, member: null, visit }
    }
    if (principal.kind !== 'member') return { kind: 'operator', csrf_token, member: null, visit: null }
    const { memberId: id, email: address, role, tenantId: tenant_id } = principal
    return { kind: 'member', csrf_token, member: { id, email: address, role, tenant_id }, visit: null }
  },
})

const signOut = operation({
  id: 'signOut',
  method: 'delete',
  path: '/api/portal/v1/session',
  tag: 'session',
  summary: 'End the session.',
  access: { by: 'session' },
  input: z.object({}),
  answer: done,
  example: { input: {}, answer: MAILED },
  handle: async (asking) => {
    const { principal, store, actor } = asking
    if (principal.kind === 'visitor') {
      await endVisit(asking, { ...principal.visit, actor })
      leaveVisit(asking)
      return { done: true }
    }
    if ('sessionHash' in principal) await store.sessions.remove(principal.sessionHash)
    asking.setHeader('set-cookie', cookieField(SESSION_COOKIE, '', { seconds: 0, isSecure: secure(asking) }))
    return { done: true }
  },
})

const openLink = operation({
  id: 'openLink',
  method: 'post',
  path: '/api/portal/v1/session/link',
  tag: 'session',
  summary: 'Come in by the link of an invitation or a reset, once, and set the password.',
  access: ANYONE,
  input: z.object({ token, password }),
  answer: sessionSchema,
  status: 201,
  isSecret: true,
  errors: ['invalid-link', 'sign-up-closed', 'too-many-sign-ins'],
  example: { input: { token: 'o4Q…', password: 'correct horse battery' }, answer: SESSION },
  handle: async (asking, request) => {
    throttleSignIn(asking, undefined)
    const onlyKnown = asking.parts.config().portal.signUp === 'closed'
    const { member, ...opened } = await acceptLink(asking, { ...request, onlyKnown })
    return entered(asking, opened, member)
  },
})

const resetPassword = operation({
  id: 'resetPassword',
  method: 'post',
  path: '/api/portal/v1/session/reset',
  tag: 'session',
  summary:
    'Have a link mailed that sets another password; the answer is the same whether there is an account.',
  access: ANYONE,
  input: z.object({ email }),
  answer: done,
  status: 202,
  errors: ['too-many-sign-ins'],
  example: { input: { email: 'ann@example.com' }, answer: MAILED },
  handle: async (asking, request) => {
    throttleSignIn(asking, request.email)
    await requestReset(asking, request.email)
    return { done: true }
  },
})

const signUpMember = operation({
  id: 'signUp',
  method: 'post',
  path: '/api/portal/v1/sign-up',
  tag: 'session',
  summary: 'Make an organisation and have a link mailed to its first member; the answer is always the same.',
  access: ANYONE,
  input: z.object({ email, organisation: words(300) }),
  answer: done,
  status: 202,
  errors: ['sign-up-closed', 'too-many-sign-ins', 'already-exists'],
  example: { input: { email: 'ann@example.com', organisation: 'Acme' }, answer: MAILED },
  handle: async (asking, request) => {
    const { signUp: rule, signUpPlan } = asking.parts.config().portal
    if (rule !== 'open') throw new GatezError('sign-up-closed', 'One comes in by invitation here.')
    throttleSignIn(asking, request.email)
    await signUp(asking, { ...request, planId: signUpPlan ?? undefined })
    return { done: true }
  },
})

const operatorSignIn = operation({
  id: 'operatorSignIn',
  method: 'post',
  path: '/api/v1/session',
  tag: 'session',
  summary: 'Sign in as the operator: by a link of gatez tokens link, once, or a token with the scope owner.',
  access: ANYONE,
  input: z.object({ token }),
  answer: sessionSchema,
  status: 201,
  isSecret: true,
  errors: ['invalid-link', 'too-many-sign-ins'],
  example: { input: { token: 'o4Q…' }, answer: { ...SESSION, kind: 'operator', member: null } },
  handle: async (asking, request) => {
    throttleSignIn(asking, undefined)
    return entered(asking, await signInOperator(asking, request.token), undefined)
  },
})

/** What is offered about coming in. */
export const SESSION_OPERATIONS = {
  portalTerms,
  signIn: signInMember,
  showSession,
  signOut,
  openLink,
  resetPassword,
  signUp: signUpMember,
  operatorSignIn,
}

interface Entering {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly tenantId: string
}

/** Hands the cookie over, and returns who is in. */
export function entered(
  asking: Asking,
  { cookie, expiresAtMs }: OpenedSession,
  member: Entering | undefined,
): SessionView {
  const seconds = (expiresAtMs - asking.clock.nowMs()) / 1000
  asking.setHeader('set-cookie', cookieField(SESSION_COOKIE, cookie, { seconds, isSecure: secure(asking) }))
  if (readCookie(asking.header('cookie'), VISIT_COOKIE) !== undefined) leaveVisit(asking)
  const csrf_token = csrfTokenOf(cookie)
  if (member === undefined) return { kind: 'operator', csrf_token, member: null, visit: null }
  const { id, email: address, role, tenantId: tenant_id } = member
  return { kind: 'member', csrf_token, member: { id, email: address, role, tenant_id }, visit: null }
}

/** Takes the cookie of a visit away: who came in as somebody else does not look on with it. */
function leaveVisit(asking: Asking): void {
  const how = { seconds: 0, isSecure: secure(asking), path: VISIT_PATH }
  asking.setHeader('set-cookie', cookieField(VISIT_COOKIE, '', how))
}

function csrfOf({ header, isPortal }: Asking): string {
  return csrfTokenOf(sessionCookieOf(header('cookie'), isPortal)?.value ?? '')
}

function secure({ parts, isPortal }: Asking): boolean {
  const { control, portal } = parts.config()
  return isSecure(isPortal ? portal : control)
}
