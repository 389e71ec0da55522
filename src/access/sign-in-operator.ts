import { randomBytes } from 'node:crypto'
import { GatezError } from '../errors/gatez-error.ts'
import { isoTime } from '../lib/iso-time.ts'
import { hashSecret, sha256Hex, tokenIsWellFormed } from '../model/key.ts'
import { tokenHolds, tokenMay } from '../model/token.ts'
import { type Access, record, type Signed } from './access.ts'
import { type OpenedSession, openSession } from './open-session.ts'

/** How long a link of `gatez tokens link` lets an operator in. */
const LINK_MS = 3_600_000

/** Makes what lets an operator in, once, within the hour. Only its SHA-256 is kept. */
export async function makeOperatorLink({ store, clock }: Access, { actor }: Signed): Promise<OperatorLink> {
  const nowMs = clock.nowMs()
  const token = randomBytes(32).toString('base64url')
  const expiresAtMs = nowMs + LINK_MS
  await store.transaction(async (tables) => {
    const link = { hash: sha256Hex(token), createdAtMs: nowMs, expiresAtMs }
    await tables.sessions.insertLink({ ...link, purpose: 'operator', detail: {} })
    await record(tables, { atMs: nowMs, actor, action: 'operator.link-made', subject: 'operators' })
  })
  return { token, expires_at: isoTime(expiresAtMs) }
}

/** What lets an operator in; shown this once. */
export interface OperatorLink {
  readonly token: string
  readonly expires_at: string
}

/** Begins the session of an operator: by a link, or by a token with the scope owner. */
export async function signInOperator({ store, clock }: Access, secret: string): Promise<OpenedSession> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const isToken = tokenIsWellFormed(secret)
    const token = isToken ? await tables.tokens.findByHash(hashSecret(secret)) : undefined
    const byToken = token !== undefined && tokenHolds(token, nowMs) && tokenMay(token, 'owner')
    const byLink =
      !isToken && (await tables.sessions.takeLink(sha256Hex(secret), 'operator', nowMs)) !== undefined
    if (!byToken && !byLink) {
      throw new GatezError('invalid-link', 'This link was used, is too old, or was never made.')
    }
    const session = await openSession(tables, { kind: 'operator', memberId: null, nowMs })
    const detail = { session_id: session.id, by: token?.id ?? 'link' }
    const actor = token === undefined ? `operator:${session.id}` : `token:${token.id}`
    await record(tables, { atMs: nowMs, actor, action: 'operator.signed-in', subject: 'operators', detail })
    return session
  })
}
