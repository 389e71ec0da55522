import { GatezError } from '../errors/gatez-error.ts'
import { sha256Hex } from '../model/key.ts'
import { type Access, record } from './access.ts'
import { checkPassword, hashPassword } from './password.ts'
import { enter, type SignedIn } from './sign-in.ts'

/**
 * Lets a member in by its link, once, with the password it sets; all its other sessions end.
 *
 * With `onlyKnown` a link opens only to members who had a password before: nobody new comes in.
 */
export async function acceptLink({ store, clock }: Access, request: AcceptLinkRequest): Promise<SignedIn> {
  const nowMs = clock.nowMs()
  const hash = sha256Hex(request.token)
  const found = await store.sessions.findMemberByLink(hash, nowMs)
  if (found === undefined) throw gone()
  if (request.onlyKnown && found.password === null) {
    throw new GatezError('sign-up-closed', 'This portal takes no new members at present.')
  }
  checkPassword(request.password, found.email)
  const password = await hashPassword(request.password)
  return store.transaction(async (tables) => {
    const member = await tables.sessions.findMemberByLink(hash, nowMs)
    // Of two who open it at once, one gets in.
    if (member === undefined || !(await tables.sessions.takeMemberLink(hash))) throw gone()
    await tables.sessions.setPassword(member.id, password, nowMs)
    await tables.sessions.removeOfMember(member.id)
    await record(tables, {
      ...{ atMs: nowMs, actor: `member:${member.id}`, action: 'member.password-set' },
      subject: `tenant:${member.tenantId}`,
    })
    return enter(tables, member, nowMs)
  })
}

export interface AcceptLinkRequest {
  readonly token: string
  readonly password: string
  readonly onlyKnown: boolean
}

function gone(): GatezError {
  return new GatezError('invalid-link', 'This link was used, is too old, or was never made.')
}
