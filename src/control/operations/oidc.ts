import { z } from '@hono/zod-openapi'
import { openSession } from '../../access/open-session.ts'
import { enter } from '../../access/sign-in.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { assert } from '../../lib/assert.ts'
import { sha256Hex } from '../../model/key.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'
import type { SignedMember } from '../../storage/ports/sessions.ts'
import type { Asking } from '../asking.ts'
import type { Identity } from '../oidc.ts'
import { operation } from '../operation.ts'
import { cookieField, isSecure, OIDC_COOKIE, readCookie } from '../session-cookie.ts'
import { throttleSignIn } from '../throttle.ts'
import { entered } from './sessions.ts'

const MINUTES_10 = 600
const ANYONE = { by: 'anyone' } as const
const CALLBACK = '/api/portal/v1/oidc/callback'

const beginOidc = operation({
  id: 'beginOidc',
  method: 'get',
  path: '/api/portal/v1/oidc',
  tag: 'session',
  summary: 'Go to the provider of identities to sign in; it sends the browser back here.',
  access: ANYONE,
  input: z.object({}),
  answer: undefined,
  download: 'text/html',
  errors: ['not-found', 'too-many-sign-ins'],
  example: { input: {}, answer: '' },
  handle: async (asking) => {
    throttleSignIn(asking, undefined)
    const { state, verifier, nonce, url } = await providerOf(asking).begin(callbackUrl(asking))
    const nowMs = asking.clock.nowMs()
    const times = { createdAtMs: nowMs, expiresAtMs: nowMs + MINUTES_10 * 1_000 }
    const hash = sha256Hex(state)
    await asking.store.sessions.insertLink({ hash, purpose: 'oidc', detail: { verifier, nonce }, ...times })
    asking.setHeader(
      'set-cookie',
      cookieField(OIDC_COOKIE, state, { ...secure(asking), seconds: MINUTES_10 }),
    )
    return new Response(null, { status: 302, headers: { location: url } })
  },
})

const finishOidc = operation({
  id: 'finishOidc',
  method: 'get',
  path: CALLBACK,
  tag: 'session',
  summary: 'Come back from the provider of identities; the cookie of the answer is the session.',
  access: ANYONE,
  input: z.object({
    code: z.string().max(4_096).optional(),
    state: z.string().max(1_000).optional(),
    iss: z.string().max(1_000).optional(),
    session_state: z.string().max(1_000).optional(),
    scope: z.string().max(1_000).optional(),
    error: z.string().max(1_000).optional(),
    error_description: z.string().max(4_096).optional(),
    error_uri: z.string().max(1_000).optional(),
  }),
  answer: undefined,
  download: 'text/html',
  errors: ['sign-in-failed', 'invalid-link', 'not-found', 'too-many-sign-ins'],
  example: { input: { code: 'SplxlO…', state: 'af0ifjs…' }, answer: '' },
  handle: async (asking, { state = '' }) => {
    throttleSignIn(asking, undefined)
    const provider = providerOf(asking)
    const nowMs = asking.clock.nowMs()
    // Who did not begin here must not be signed in as somebody who did.
    const isSame = readCookie(asking.header('cookie'), OIDC_COOKIE) === state && state !== ''
    const link = isSame ? await asking.store.sessions.takeLink(sha256Hex(state), 'oidc', nowMs) : undefined
    const { verifier, nonce } = link?.detail ?? {}
    if (verifier === undefined || nonce === undefined)
      throw new GatezError('invalid-link', 'This sign-in took too long, or began in another browser.')
    const callback = new URL(asking.target, callbackUrl(asking))
    const identity = await provider.finish(callback, { state, verifier, nonce })
    return signInWith(asking, identity)
  },
})

/** What is offered about coming in by a provider of identities. */
export const OIDC_OPERATIONS = { beginOidc, finishOidc }

async function signInWith(asking: Asking, identity: Identity): Promise<Response> {
  const { store, clock, parts } = asking
  const nowMs = clock.nowMs()
  const member = await memberOf(store, identity, nowMs)
  if (member !== undefined) {
    const signed = await store.transaction((tables) => enter(tables, member, nowMs))
    entered(asking, signed, signed.member)
    return new Response(null, { status: 302, headers: { location: '/portal' } })
  }
  const { email } = identity
  // On a listener of its own the portal is public: no operator comes in there.
  const isOperator = email !== undefined && parts.config().portal.oidc?.operators.includes(email) === true
  if (!isOperator || asking.isPortal)
    throw new GatezError('sign-in-failed', 'Nobody here has that identity; ask for an invitation.')
  const opened = await store.transaction(async (tables) => {
    const session = await openSession(tables, { kind: 'operator', memberId: null, nowMs })
    await tables.audit.insert({
      ...{ atMs: nowMs, actor: `operator:${email}`, action: 'operator.signed-in', subject: 'operators' },
      detail: { session_id: session.id, by: 'oidc' },
    })
    return session
  })
  entered(asking, opened, undefined)
  return new Response(null, { status: 302, headers: { location: '/operator' } })
}

/** Known by its subject; the first time by its address, if that was checked and means one member. */
async function memberOf(
  { sessions }: Pick<ControlTables, 'sessions'>,
  { subject, email }: Identity,
  nowMs: number,
): Promise<SignedMember | undefined> {
  const known = await sessions.findMemberBySubject(subject)
  if (known !== undefined || email === undefined) return known
  const [member, ...others] = await sessions.findMembersByEmail(email)
  if (member === undefined || others.length > 0) return undefined
  await sessions.setSubject(member.id, subject, nowMs)
  return member
}

function providerOf({ parts }: Asking) {
  const provider = parts.identityProvider()
  if (provider !== undefined) return provider
  throw new GatezError('not-found', 'This portal has no provider of identities.')
}

function callbackUrl({ parts, header, isPortal }: Asking): string {
  const { portal, control } = parts.config()
  const scheme = isSecure(isPortal ? portal : control) ? 'https' : 'http'
  const base = portal.url ?? `${scheme}://${header('host') ?? ''}`
  assert(URL.canParse(base), 'the host was checked before')
  return new URL(CALLBACK, base).href
}

function secure({ parts, isPortal }: Asking): { readonly isSecure: boolean } {
  const { control, portal } = parts.config()
  return { isSecure: isSecure(isPortal ? portal : control) }
}
