/**
 * What an operator's programs show instead of a person at the command line: a secret with scopes.
 *
 * Only its SHA-256 is kept. It names no tenant: within its scopes it may act for any.
 */
export interface Token {
  readonly id: string
  /** What it is for. */
  readonly name: string
  readonly scopes: readonly TokenScope[]
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  /** `gzt_ab12…wxyz`. */
  readonly masked: string
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
}

/**
 * What a token can be good for: reading, changing, money, asking whether keys hold, reporting usage, and
 * everything. None of them includes another, but `owner` all.
 */
export const TOKEN_SCOPES = ['read', 'write', 'billing', 'verify', 'events', 'owner'] as const

export type TokenScope = (typeof TOKEN_SCOPES)[number]

/** Whether `text` is one of the scopes. */
export function isTokenScope(text: string): text is TokenScope {
  return TOKEN_SCOPES.some((scope) => scope === text)
}

/** Whether a token is accepted at `nowMs`. */
export function tokenHolds({ revokedAtMs, expiresAtMs }: Token, nowMs: number): boolean {
  return revokedAtMs === null && (expiresAtMs === null || expiresAtMs > nowMs)
}

/** Whether a token is good for what `scope` stands for. */
export function tokenMay({ scopes }: Pick<Token, 'scopes'>, scope: TokenScope): boolean {
  return scopes.includes(scope) || scopes.includes('owner')
}
