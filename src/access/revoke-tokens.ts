import { GatezError } from '../errors/gatez-error.ts'
import { type Access, record, type Signed } from './access.ts'
import { type TokenView, viewToken } from './token-view.ts'

/** Ends tokens for good, all or none; within a second whatever shows them is refused. */
export async function revokeTokens(
  { store, clock }: Access,
  { tokenIds, actor }: RevokeTokensRequest,
): Promise<readonly TokenView[]> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const views: TokenView[] = []
    for (const id of new Set(tokenIds)) {
      const token = await tables.tokens.find(id)
      if (token === undefined)
        throw new GatezError(
          'not-found',
          `There is no token ${JSON.stringify(id)}; gatez tokens list shows them.`,
        )
      if (!(await tables.tokens.revoke(id, nowMs)))
        throw new GatezError('wrong-state', `Token ${id} is revoked already.`)
      await record(tables, {
        atMs: nowMs,
        actor,
        action: 'token.revoked',
        subject: `token:${id}`,
        detail: { name: token.name },
      })
      views.push(viewToken({ ...token, revokedAtMs: nowMs }, nowMs))
    }
    return views
  })
}

export interface RevokeTokensRequest extends Signed {
  readonly tokenIds: readonly string[]
}
