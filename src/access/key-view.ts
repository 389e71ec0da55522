import { isoTime, isoTimeOrNull } from '../lib/iso-time.ts'
import type { Key, KeyMode, KeyState } from '../model/key.ts'

/** A key as scripts and other programs read it. Never holds a secret. */
export interface KeyView {
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly mode: KeyMode
  readonly state: KeyViewState
  /** null until there is a secret. */
  readonly masked: string | null
  readonly reason: string | null
  readonly requested_by: string
  readonly decided_by: string | null
  readonly decision_reason: string | null
  readonly created_at: string
  readonly decided_at: string | null
  readonly revealed_at: string | null
  readonly revoked_at: string | null
  readonly expires_at: string | null
  /** The key that took its place by rotation. */
  readonly replaced_by: string | null
  /** Ids of the routes it may call; null = all that the plan opens. */
  readonly routes: readonly string[] | null
  /** Where it may call from; null = anywhere. */
  readonly ips: readonly string[] | null
}

/** What a key is at a moment: past its expiry an approved or active one is `expired`. */
export type KeyViewState = KeyState | 'expired'

/** A key together with its secret, which is in no other place and will not be shown again. */
export interface RevealedKeyView extends KeyView {
  readonly secret: string
}

/** Shows a key as it is at `nowMs`. */
export function viewKey(key: Key, nowMs: number): KeyView {
  return {
    id: key.id,
    tenant_id: key.tenantId,
    name: key.name,
    mode: key.mode,
    state: stateAt(key, nowMs),
    masked: key.masked,
    reason: key.reason,
    requested_by: key.requestedBy,
    decided_by: key.decidedBy,
    decision_reason: key.decisionReason,
    created_at: isoTime(key.createdAtMs),
    decided_at: isoTimeOrNull(key.decidedAtMs),
    revealed_at: isoTimeOrNull(key.revealedAtMs),
    revoked_at: isoTimeOrNull(key.revokedAtMs),
    expires_at: isoTimeOrNull(key.expiresAtMs),
    replaced_by: key.replacedById,
    routes: key.routes,
    ips: key.ips,
  }
}

/** Shows a key with the secret it was just given. */
export function viewRevealedKey(key: Key, secret: string, nowMs: number): RevealedKeyView {
  const { id, tenant_id, ...rest } = viewKey(key, nowMs)
  return { id, tenant_id, secret, ...rest }
}

/** The state as people know it, with what expired shown as such. */
export function stateAt(key: Key, nowMs: number): KeyViewState {
  const mayExpire = key.state === 'approved' || key.state === 'active'
  return mayExpire && key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? 'expired' : key.state
}
