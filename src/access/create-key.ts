import { prefixedId } from '../lib/id.ts'
import { hashSecret, type Key, type KeyMode, makeSecret, maskSecret } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { parseExpiry } from './key-expiry.ts'
import { checkRoom, planOf } from './key-rules.ts'
import { type RevealedKeyView, viewRevealedKey } from './key-view.ts'
import { parseScope, type WrittenScope } from './parse-scope.ts'
import { checkedText, NAME_LENGTH_MAX } from './text.ts'

/**
 * Makes an active key for a tenant, at the operator's word, and returns its secret this once.
 *
 * Only its SHA-256 is kept. Counts against the plan's `keys.max`, also when many ask at once.
 */
export async function createKey(
  { store, clock }: Access,
  request: CreateKeyRequest,
): Promise<RevealedKeyView> {
  const nowMs = clock.nowMs()
  const { actor } = request
  const name = request.name === undefined ? 'default' : checkedText('name', request.name, NAME_LENGTH_MAX)
  const expiresAtMs = request.expires === undefined ? null : parseExpiry(request.expires, nowMs)
  const scope = parseScope(request.scope ?? { knownRoutes: [] })
  const secret = makeSecret(request.mode)

  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    await checkRoom(tables, tenant, await planOf(tables, tenant, nowMs))

    const key: Key = {
      id: prefixedId('key'),
      tenantId: tenant.id,
      name,
      mode: request.mode,
      state: 'active',
      hash: hashSecret(secret),
      masked: maskSecret(secret),
      reason: null,
      requestedBy: actor,
      decidedBy: actor,
      decisionReason: null,
      createdAtMs: nowMs,
      decidedAtMs: nowMs,
      revealedAtMs: nowMs,
      revokedAtMs: null,
      expiresAtMs,
      replacedById: null,
      ...scope,
    }
    await tables.keys.insert(key)
    await record(tables, {
      atMs: nowMs,
      actor,
      action: 'key.created',
      subject: `key:${key.id}`,
      detail: { tenant_id: tenant.id, name, mode: key.mode, masked: key.masked, ...scope },
    })
    return viewRevealedKey(key, secret, nowMs)
  })
}

export interface CreateKeyRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly mode: KeyMode
  /** `default` if not given. */
  readonly name?: string | undefined
  /** As `30d` or `2027-01-01T00:00Z`; never if not given. */
  readonly expires?: string | undefined
  /** All that its tenant may, from anywhere, if not given. */
  readonly scope?: WrittenScope | undefined
}
