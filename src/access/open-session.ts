import { randomBytes } from 'node:crypto'
import { prefixedId } from '../lib/id.ts'
import { sha256Hex } from '../model/key.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** Begins a session and returns the cookie that stands for it, this once: what is kept is its SHA-256. */
export async function openSession(tables: ControlTables, session: NewSession): Promise<OpenedSession> {
  const cookie = randomBytes(32).toString('base64url')
  const { kind, memberId, nowMs } = session
  const expiresAtMs = nowMs + (kind === 'operator' ? OPERATOR_MS : MEMBER_MS)
  const id = prefixedId('ses')
  await tables.sessions.forgetEnded(nowMs)
  await tables.sessions.insert({
    ...{ hash: sha256Hex(cookie), id, kind, memberId, createdAtMs: nowMs, expiresAtMs },
  })
  return { id, cookie, expiresAtMs }
}

export interface NewSession {
  readonly kind: 'operator' | 'member'
  /** null for operators. */
  readonly memberId: string | null
  readonly nowMs: number
}

export interface OpenedSession {
  readonly id: string
  readonly cookie: string
  readonly expiresAtMs: number
}

/** What a page sends with each change, so that no page of another site can: it cannot read the cookie. */
export function csrfTokenOf(cookie: string): string {
  return sha256Hex(`gatez csrf ${cookie}`).slice(0, 43)
}

const HOUR_MS = 3_600_000
const OPERATOR_MS = 12 * HOUR_MS
const MEMBER_MS = 7 * 24 * HOUR_MS
