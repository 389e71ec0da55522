import { randomBytes } from 'node:crypto'
import { prefixedId } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { sha256Hex } from '../model/key.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { checkedText, REASON_LENGTH_MAX } from './text.ts'

/** How long an operator sees the pages of a customer before it must say so again. */
const VISIT_MS = 30 * 60_000
/** So many sign-ins of operators are looked through for the name of one. */
const SIGN_INS_MAX = 500

/**
 * Lets an operator who signed in see the pages of a customer as the customer does, for half an hour, and writes it
 * into the audit log, that of the customer too.
 *
 * The cookie is returned this once; what is kept is its SHA-256. It ends with the session of the operator.
 */
export async function beginVisit({ store, clock }: Access, request: BeginVisitRequest): Promise<OpenedVisit> {
  const nowMs = clock.nowMs()
  const reason = checkedText('reason', request.reason, REASON_LENGTH_MAX)
  const cookie = randomBytes(32).toString('base64url')
  const expiresAtMs = nowMs + VISIT_MS
  const { sessionId, sessionHash, actor } = request
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    const id = prefixedId('vis')
    const by = await operatorName(tables, sessionId)
    await tables.sessions.forgetEnded(nowMs)
    await tables.sessions.insertLink({
      ...{ hash: sha256Hex(cookie), purpose: 'visit', createdAtMs: nowMs, expiresAtMs },
      detail: { id, tenantId: tenant.id, by, sessionId, sessionHash },
    })
    await record(tables, {
      ...{ atMs: nowMs, actor, action: 'operator.visit-began', subject: `tenant:${tenant.id}` },
      detail: { visit_id: id, by, reason, until: isoTime(expiresAtMs) },
    })
    return { id, cookie, tenantId: tenant.id, by, expiresAtMs }
  })
}

export interface BeginVisitRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  /** Why: the customer reads it too. */
  readonly reason: string
  /** The session of the operator. */
  readonly sessionId: string
  readonly sessionHash: string
}

export interface Visit {
  readonly id: string
  readonly tenantId: string
  /** The name of the operator, as well as it is known. */
  readonly by: string
  readonly expiresAtMs: number
}

export interface OpenedVisit extends Visit {
  readonly cookie: string
}

/** A visit that holds, and the session of the operator it belongs to. */
export interface FoundVisit extends Visit {
  readonly hash: string
  readonly sessionId: string
}

/** The visit this cookie stands for; undefined once it ended, or the session of its operator did. */
export async function findVisit({ store, clock }: Access, cookie: string): Promise<FoundVisit | undefined> {
  const nowMs = clock.nowMs()
  const hash = sha256Hex(cookie)
  const link = await store.sessions.findLink(hash, 'visit', nowMs)
  if (link === undefined) return undefined
  const { id = '', tenantId = '', by = '', sessionId = '', sessionHash = '' } = link.detail
  const session = await store.sessions.findByHash(sessionHash)
  if (session === undefined || session.expiresAtMs <= nowMs) return undefined
  const tenant = await store.tenants.find(tenantId)
  if (tenant === undefined || tenant.state === 'deleted') return undefined
  return { id, tenantId, by, sessionId, hash, expiresAtMs: link.expiresAtMs }
}

/** Ends a visit, and says so in the audit log; one that ended already stays as it is. */
export async function endVisit(
  { store, clock }: Access,
  { hash, id, tenantId, by, actor }: Pick<FoundVisit, 'hash' | 'id' | 'tenantId' | 'by'> & Signed,
): Promise<void> {
  const nowMs = clock.nowMs()
  await store.transaction(async (tables) => {
    if ((await tables.sessions.takeLink(hash, 'visit', nowMs)) === undefined) return
    await record(tables, {
      ...{ atMs: nowMs, actor, action: 'operator.visit-ended', subject: `tenant:${tenantId}` },
      detail: { visit_id: id, by },
    })
  })
}

/** Who came in with this session: the address where it is known, the token, or the session itself. */
async function operatorName(tables: ControlTables, sessionId: string): Promise<string> {
  const entries = await tables.audit.records({ subjects: ['operators'], limit: SIGN_INS_MAX })
  const entry = entries.find(
    ({ action, detail }) => action === 'operator.signed-in' && detail.session_id === sessionId,
  )
  return entry?.actor ?? `operator:${sessionId}`
}
