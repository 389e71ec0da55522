import { type Access, record } from './access.ts'
import { giveMemberLink } from './member-link.ts'

/**
 * Puts a message with a new link for each member of this address into the outbox.
 *
 * Says nothing of whether there is one: the caller must answer alike.
 */
export async function requestReset({ store, clock }: Access, email: string): Promise<void> {
  const nowMs = clock.nowMs()
  const members = await store.sessions.findMembersByEmail(email.trim().toLowerCase())
  for (const member of members) {
    await store.transaction(async (tables) => {
      await record(tables, {
        ...{ atMs: nowMs, actor: `member:${member.id}`, action: 'member.reset' },
        ...{ subject: `tenant:${member.tenantId}`, detail: { member_id: member.id } },
      })
      await giveMemberLink(tables, { ...member, createdAtMs: nowMs }, { kind: 'member.reset', nowMs })
    })
  }
}
