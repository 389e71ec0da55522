import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { prefixedId } from '../lib/id.ts'
import { hashSecret, makeTokenSecret, maskSecret } from '../model/key.ts'
import { isTokenScope, TOKEN_SCOPES, type Token, type TokenScope } from '../model/token.ts'
import { type Access, record, type Signed } from './access.ts'
import { parseExpiry } from './key-expiry.ts'
import { checkedText, NAME_LENGTH_MAX } from './text.ts'
import { type RevealedTokenView, viewToken } from './token-view.ts'

/** Makes a token for a program of the operator's and returns its secret this once. Only its SHA-256 is kept. */
export async function createToken(
  { store, clock }: Access,
  request: CreateTokenRequest,
): Promise<RevealedTokenView> {
  const nowMs = clock.nowMs()
  const secret = makeTokenSecret()
  const token: Token = {
    id: prefixedId('tok'),
    name: checkedText('name', request.name, NAME_LENGTH_MAX),
    scopes: parseScopes(request.scopes),
    hash: hashSecret(secret),
    masked: maskSecret(secret),
    createdBy: request.actor,
    createdAtMs: nowMs,
    expiresAtMs: request.expires === undefined ? null : parseExpiry(request.expires, nowMs),
    revokedAtMs: null,
  }
  await store.transaction(async (tables) => {
    await tables.tokens.insert(token)
    await record(tables, {
      atMs: nowMs,
      actor: request.actor,
      action: 'token.created',
      subject: `token:${token.id}`,
      detail: { name: token.name, scopes: token.scopes, masked: token.masked },
    })
  })
  const { id, ...rest } = viewToken(token, nowMs)
  return { id, secret, ...rest }
}

export interface CreateTokenRequest extends Signed {
  /** What it is for. */
  readonly name: string
  /** As `events` or `read,write`. */
  readonly scopes: string
  /** As `30d` or `2027-01-01T00:00Z`; never if not given. */
  readonly expires?: string | undefined
}

/** Each once, in the order in which they are listed everywhere. */
function parseScopes(written: string): readonly TokenScope[] {
  const words = written.split(',').map((word) => word.trim())
  for (const word of words) {
    if (isTokenScope(word)) continue
    const hint = didYouMean(word, TOKEN_SCOPES)
    const detail = `scope is ${JSON.stringify(written)}: there is no scope ${JSON.stringify(word)}${hint}; there are ${TOKEN_SCOPES.join(', ')}.`
    throw new GatezError('invalid-parameter', detail)
  }
  return TOKEN_SCOPES.filter((scope) => words.includes(scope))
}
