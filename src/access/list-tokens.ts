import type { Access } from './access.ts'
import { type TokenView, viewToken } from './token-view.ts'

/** All tokens, newest first; what is revoked stays in the list. */
export async function listTokens({ store, clock }: Access): Promise<readonly TokenView[]> {
  const nowMs = clock.nowMs()
  return (await store.tokens.list()).map((token) => viewToken(token, nowMs))
}
