import { z } from '@hono/zod-openapi'
import { keepAdmin } from '../../access/keep-admin.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import type { Asking } from '../asking.ts'
import { mine, myself } from '../mine.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { invitedMemberSchema, memberSchema, pageOf, paging, words } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const ADMINS = { by: 'member', roles: ['admin'] } as const

const myMembers = operation({
  id: 'myMembers',
  method: 'get',
  path: '/api/portal/v1/members',
  tag: 'portal',
  summary: 'The members of the organisation, oldest first.',
  access: ALL,
  input: z.object(paging),
  answer: pageOf(memberSchema),
  example: { input: {}, answer: { data: [EXAMPLES.member], next: null } },
  handle: async (asking, page) => {
    const members = await asking.cases.listMembers({ tenant: mine(asking).tenantId })
    return pageFrom(members, page, ({ created_at, id }) => `${created_at} ${id}`)
  },
})

const inviteToMine = operation({
  id: 'inviteToMine',
  method: 'post',
  path: '/api/portal/v1/members',
  tag: 'portal',
  summary: 'Invite a person; the link is mailed, and its token shown this once.',
  access: ADMINS,
  input: z.object({ email: words(300), role: z.enum(MEMBER_ROLES).optional() }),
  answer: invitedMemberSchema,
  status: 201,
  isSecret: true,
  errors: ['already-exists', 'sign-up-closed'],
  example: { input: { email: 'ann@example.com' }, answer: EXAMPLES.invitedMember },
  handle: async (asking, request) => {
    if (asking.parts.config().portal.signUp === 'closed')
      throw new GatezError('sign-up-closed', 'This portal takes no new members at present.')
    return asking.cases.inviteMember({ ...request, tenant: mine(asking).tenantId })
  },
})

const member = z.object({ member: z.string().min(1).max(300).openapi({ example: EXAMPLES.member.id }) })

const changeRole = operation({
  id: 'changeRole',
  method: 'put',
  path: '/api/portal/v1/members/{member}/role',
  tag: 'portal',
  summary: 'Give a member another role; the last admin stays one.',
  access: ADMINS,
  input: member.extend({ role: z.enum(MEMBER_ROLES) }),
  answer: memberSchema,
  errors: ['not-found', 'wrong-state'],
  example: {
    input: { member: EXAMPLES.member.id, role: 'billing' },
    answer: { ...EXAMPLES.member, role: 'billing' },
  },
  handle: async (asking, { member: name, role }) => {
    const found = await ownMember(asking, name)
    const { tenantId, memberId } = myself(asking)
    await asking.store.transaction(async (tables) => {
      if (role !== 'admin') await keepAdmin(tables, tenantId, found.id)
      await tables.sessions.setRole(found.id, role)
      await tables.audit.insert({
        ...{ atMs: asking.clock.nowMs(), actor: `member:${memberId}`, action: 'member.role-changed' },
        ...{ subject: `tenant:${tenantId}`, detail: { member_id: found.id, from: found.role, to: role } },
      })
    })
    return { ...found, role }
  },
})

const removeFromMine = operation({
  id: 'removeFromMine',
  method: 'delete',
  path: '/api/portal/v1/members/{member}',
  tag: 'portal',
  summary: 'Take a person out of the organisation; the last admin stays.',
  access: ADMINS,
  input: member,
  answer: memberSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: { member: EXAMPLES.member.id }, answer: EXAMPLES.member },
  handle: async (asking, { member: name }) => {
    const found = await ownMember(asking, name)
    return asking.cases.removeMember({ tenant: mine(asking).tenantId, member: found.id, keepsAdmin: true })
  },
})

/** What is offered to members about those of their own organisation. */
export const PORTAL_MEMBER_OPERATIONS = { myMembers, inviteToMine, changeRole, removeFromMine }

async function ownMember(asking: Asking, name: string) {
  const members = await asking.cases.listMembers({ tenant: mine(asking).tenantId })
  const wanted = name.trim().toLowerCase()
  const found = members.find(({ id, email }) => id === wanted || email === wanted)
  if (found !== undefined) return found
  throw new GatezError('not-found', 'Your organisation has no such member.')
}
