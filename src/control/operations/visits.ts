import { z } from '@hono/zod-openapi'
import { csrfTokenOf } from '../../access/open-session.ts'
import { beginVisit } from '../../access/visit-tenant.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { Asking } from '../asking.ts'
import { operation } from '../operation.ts'
import { tenantName, words } from '../schemas.ts'
import {
  cookieField,
  isSecure,
  readCookie,
  SESSION_COOKIE,
  VISIT_COOKIE,
  VISIT_PATH,
} from '../session-cookie.ts'
import { type SessionView, sessionSchema } from './sessions.ts'

const OWNER = { by: 'operator', scope: 'owner' } as const
const READ = { by: 'operator', scope: 'read' } as const
const done = z.object({ done: z.boolean() })

const impersonateTenant = operation({
  id: 'impersonateTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/impersonate',
  tag: 'tenants',
  summary:
    'See the pages of a tenant as its members do, for half an hour; the cookie of the answer is the visit.',
  description:
    'For an operator who signed in. Nothing can be changed and no secret shown; begin and end stand in the audit log, ' +
    'which the tenant reads as well.',
  access: OWNER,
  input: z.object({ tenant: tenantName, reason: words(1_000) }),
  answer: z.object({ id: z.string(), tenant_id: z.string(), by: z.string(), expires_at: z.string() }),
  status: 201,
  isSecret: true,
  errors: ['not-found', 'missing-token'],
  example: {
    input: { tenant: 'acme', reason: 'Ticket 4711: no usage shown' },
    answer: {
      ...{ id: 'vis_2f6k8m0q1r3t5w7x9z2b', tenant_id: 'acme', by: 'operator:ann@example.com' },
      expires_at: '2026-03-10T12:30:00.000Z',
    },
  },
  handle: async (asking, { tenant, reason }) => {
    const { sessionId, sessionHash } = signedIn(asking)
    const { actor, clock } = asking
    const visit = await beginVisit(asking, { tenant, reason, sessionId, sessionHash, actor })
    const seconds = (visit.expiresAtMs - clock.nowMs()) / 1000
    const how = { seconds, isSecure: isSecure(asking.parts.config().control), path: VISIT_PATH }
    asking.setHeader('set-cookie', cookieField(VISIT_COOKIE, visit.cookie, how))
    const { id, tenantId: tenant_id, by, expiresAtMs } = visit
    return { id, tenant_id, by, expires_at: isoTime(expiresAtMs) }
  },
})

const showOperatorSession = operation({
  id: 'showOperatorSession',
  method: 'get',
  path: '/api/v1/session',
  tag: 'session',
  summary: 'Whether an operator is signed in, and what a page sends with each change.',
  access: READ,
  input: z.object({}),
  answer: sessionSchema,
  errors: ['missing-token'],
  example: { input: {}, answer: { kind: 'operator', csrf_token: '5f2b…', member: null, visit: null } },
  handle: async (asking): Promise<SessionView> => {
    signedIn(asking)
    const cookie = readCookie(asking.header('cookie'), SESSION_COOKIE) ?? ''
    return { kind: 'operator', csrf_token: csrfTokenOf(cookie), member: null, visit: null }
  },
})

const signOutOperator = operation({
  id: 'signOutOperator',
  method: 'delete',
  path: '/api/v1/session',
  tag: 'session',
  summary: 'End the session of the operator, and with it every visit it is on.',
  access: READ,
  input: z.object({}),
  answer: done,
  errors: ['missing-token'],
  example: { input: {}, answer: { done: true } },
  handle: async (asking) => {
    await asking.store.sessions.remove(signedIn(asking).sessionHash)
    const how = { seconds: 0, isSecure: isSecure(asking.parts.config().control) }
    asking.setHeader('set-cookie', cookieField(SESSION_COOKIE, '', how))
    asking.setHeader('set-cookie', cookieField(VISIT_COOKIE, '', { ...how, path: VISIT_PATH }))
    return { done: true }
  },
})

/** What is offered to an operator about its own session, and about being a customer for a while. */
export const VISIT_OPERATIONS = { impersonateTenant, showOperatorSession, signOutOperator }

function signedIn({ principal }: Asking) {
  if (principal.kind === 'operator') return principal
  throw new GatezError('missing-token', 'This is about a session; a token has none.')
}
