import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { prefixedId } from '../lib/id.ts'
import { MEMBER_ROLES, type Member, type MemberRole } from '../model/tenant.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { giveMemberLink, type InvitedMemberView } from './member-link.ts'

/**
 * Makes a person a member of a tenant and returns the link that lets it in, this once.
 *
 * An address is a member of a tenant once, whatever its letters' case; it may be one of several tenants.
 */
export async function inviteMember(
  { store, clock }: Access,
  { actor, ...request }: InviteMemberRequest,
): Promise<InvitedMemberView> {
  const nowMs = clock.nowMs()
  const email = parseEmail(request.email)
  const role = parseRole(request.role ?? 'developer')

  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    const member: Member = { id: prefixedId('mem'), tenantId: tenant.id, email, role, createdAtMs: nowMs }
    if (!(await tables.tenants.insertMember(member))) {
      const detail = `${email} is a member of ${tenant.id} already: gatez members reset ${tenant.id} ${email} makes a new link.`
      throw new GatezError('already-exists', detail)
    }
    const subject = `tenant:${tenant.id}`
    const detail = { member_id: member.id, email, role }
    await record(tables, { atMs: nowMs, actor, action: 'member.invited', subject, detail })
    return giveMemberLink(tables, member, { kind: 'member.invited', nowMs })
  })
}

export interface InviteMemberRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly email: string
  /** One of `MEMBER_ROLES`; `developer` if not given. */
  readonly role?: string | undefined
}

const EMAIL_LENGTH_MAX = 254
// Only what could never be delivered is refused; who reads the mail is shown by the link.
const EMAIL_PATTERN = /^[^\s@<>"',;:\\()[\]]+@[^\s@<>"',;:\\()[\]]+$/

function parseEmail(text: string): string {
  const email = text.trim().toLowerCase()
  if (email.length <= EMAIL_LENGTH_MAX && EMAIL_PATTERN.test(email) && !/\p{C}/u.test(email)) return email
  const detail = `email is ${JSON.stringify(text.slice(0, EMAIL_LENGTH_MAX))}: write an address such as ann@example.com.`
  throw new GatezError('invalid-parameter', detail)
}

function parseRole(text: string): MemberRole {
  const role = MEMBER_ROLES.find((known) => known === text)
  if (role !== undefined) return role
  const detail = `role is ${JSON.stringify(text)}${didYouMean(text, MEMBER_ROLES)}; it is one of ${MEMBER_ROLES.join(', ')}.`
  throw new GatezError('invalid-parameter', detail)
}
