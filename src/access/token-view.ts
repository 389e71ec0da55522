import { isoTime, isoTimeOrNull } from '../lib/iso-time.ts'
import type { Token, TokenScope } from '../model/token.ts'

/** A token as scripts and other programs read it. Never holds a secret. */
export interface TokenView {
  readonly id: string
  readonly name: string
  readonly scopes: readonly TokenScope[]
  readonly state: 'active' | 'expired' | 'revoked'
  readonly masked: string
  readonly created_by: string
  readonly created_at: string
  readonly expires_at: string | null
  readonly revoked_at: string | null
}

/** A token together with its secret, which is in no other place and will not be shown again. */
export interface RevealedTokenView extends TokenView {
  readonly secret: string
}

/** Shows a token as it is at `nowMs`. */
export function viewToken(token: Token, nowMs: number): TokenView {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    state: stateAt(token, nowMs),
    masked: token.masked,
    created_by: token.createdBy,
    created_at: isoTime(token.createdAtMs),
    expires_at: isoTimeOrNull(token.expiresAtMs),
    revoked_at: isoTimeOrNull(token.revokedAtMs),
  }
}

function stateAt({ revokedAtMs, expiresAtMs }: Token, nowMs: number): TokenView['state'] {
  if (revokedAtMs !== null) return 'revoked'
  return expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : 'active'
}
