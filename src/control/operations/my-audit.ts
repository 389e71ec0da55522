import { z } from '@hono/zod-openapi'
import { isoTime } from '../../lib/iso-time.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import type { AuditRecord } from '../../storage/ports/audit.ts'
import type { Asking } from '../asking.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { cursorOf, cursorPlace } from '../page.ts'
import { anyObject, pageOf, paging } from '../schemas.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const PAGE = 50

/** Something that happened to an organisation, as its members see it; the names are stable. */
export interface MyAuditEntry {
  readonly sequence: number
  readonly at: string
  /** The address of a member; `operator`, or `gatez` for what went by itself. */
  readonly actor: string
  readonly action: string
  /** What it happened to: `key:…` or `tenant:…`. */
  readonly subject: string
  /** The name of the key, where it was one. */
  readonly name: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

const myAudit = operation({
  id: 'myAudit',
  method: 'get',
  path: '/api/portal/v1/audit',
  tag: 'portal',
  summary: 'What happened to the organisation, its members and keys, newest first.',
  access: ALL,
  input: z.object(paging),
  answer: pageOf(anyObject<MyAuditEntry>('MyAuditEntry')),
  example: {
    input: {},
    answer: {
      data: [
        {
          ...{
            sequence: 7,
            at: '2026-03-10T12:00:00.000Z',
            actor: 'ann@example.com',
            action: 'key.requested',
          },
          ...{ subject: 'key:key_2f6k8m0q1r3t5w7x9z2b', name: 'shop', detail: { reason: 'The new shop' } },
        },
      ],
      next: null,
    },
  },
  handle: async (asking, { limit, cursor }) => {
    const { tenantId } = mine(asking)
    const { store } = asking
    const keys = await store.keys.list({ tenantId })
    const names = new Map(keys.map(({ id, name }) => [`key:${id}`, name]))
    const size = Number(limit ?? PAGE)
    const found = await store.audit.records({
      subjects: [`tenant:${tenantId}`, ...names.keys()],
      limit: size + 1,
      ...(cursor !== undefined && { before: cursorPlace(cursor) }),
    })
    const actors = await membersOf(asking)
    const data = found.slice(0, size).map((record) => view(record, names, actors))
    const last = found.length > size ? data.at(-1) : undefined
    return { data, next: last === undefined ? null : cursorOf(String(last.sequence)) }
  },
})

/** What is offered about the audit log to members. */
export const MY_AUDIT_OPERATIONS = { myAudit }

async function membersOf(asking: Asking): Promise<ReadonlyMap<string, string>> {
  const members = await asking.cases.listMembers({ tenant: mine(asking).tenantId })
  return new Map(members.map(({ id, email }) => [`member:${id}`, email]))
}

/** Which of its people the operator sent is not the customer's to know. */
function view(
  { sequence, atMs, actor, action, subject, detail }: AuditRecord,
  names: ReadonlyMap<string, string>,
  actors: ReadonlyMap<string, string>,
): MyAuditEntry {
  const { tenant_id: _, member_id: member, ...rest } = detail
  const { by: __, ...visit } = rest
  const shown = action.startsWith('operator.visit') ? visit : rest
  const who = actor.startsWith('member:')
    ? (actors.get(actor) ?? 'a former member')
    : actor === 'gatez'
      ? 'gatez'
      : 'operator'
  const whom =
    member === undefined ? undefined : (actors.get(`member:${String(member)}`) ?? 'a former member')
  return {
    ...{ sequence, at: isoTime(atMs), actor: who, action, subject, name: names.get(subject) ?? null },
    detail: whom === undefined ? shown : { ...shown, member: whom },
  }
}
