import { GatezError } from '../errors/gatez-error.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { SignedMember } from '../storage/ports/sessions.ts'
import { type Access, record } from './access.ts'
import { type OpenedSession, openSession } from './open-session.ts'
import { passwordHolds } from './password.ts'

/**
 * Begins the session of a member with its address and password.
 *
 * An address of several tenants has a password for each; `tenant` says which is meant where two are the
 * same. An unknown address and a wrong password are answered alike, and take as long.
 */
export async function signIn({ store, clock }: Access, request: SignInRequest): Promise<SignedIn> {
  const email = request.email.trim().toLowerCase()
  const known = await store.sessions.findMembersByEmail(email)
  const asked = known.filter(({ tenantId }) => request.tenant === undefined || tenantId === request.tenant)
  let found: SignedMember | undefined
  for (const member of asked) {
    if (await passwordHolds(request.password, member.password)) found ??= member
  }
  if (asked.length === 0) await passwordHolds(request.password, null)
  if (found === undefined) {
    throw new GatezError('sign-in-failed', 'No member has this address and this password.')
  }
  const member = found
  return store.transaction((tables) => enter(tables, member, clock.nowMs()))
}

export interface SignInRequest {
  readonly email: string
  readonly password: string
  /** Id of the tenant, where an address belongs to several. */
  readonly tenant?: string | undefined
}

export interface SignedIn extends OpenedSession {
  readonly member: SignedMember
}

/** Begins the session of a member who proved who it is; refused while its tenant is deleted. */
export async function enter(tables: ControlTables, member: SignedMember, nowMs: number): Promise<SignedIn> {
  const tenant = await tables.tenants.find(member.tenantId)
  if (tenant === undefined || tenant.state === 'deleted') {
    throw new GatezError('sign-in-failed', 'No member has this address and this password.')
  }
  const session = await openSession(tables, { kind: 'member', memberId: member.id, nowMs })
  await record(tables, {
    ...{ atMs: nowMs, actor: `member:${member.id}`, action: 'member.signed-in' },
    ...{ subject: `tenant:${member.tenantId}`, detail: { session_id: session.id } },
  })
  return { ...session, member }
}
