import { prefixedId } from '../lib/id.ts'
import { hashSecret, type Key, makeSecret, maskSecret } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { planOf } from './key-rules.ts'

/** How long such a key is good for. */
export const TRY_KEY_MS = 15 * 60_000

/**
 * Makes a key that calls from the portal go out with: of the tenant, for fifteen minutes, known to nobody outside.
 *
 * A live key, so that a call tried is limited, metered and billed like any other. It counts against no `keys.max`:
 * throws `no-plan` where there is nothing to call.
 */
export async function makeTryKey({ store, clock }: Access, request: TryKeyRequest): Promise<TryKey> {
  const nowMs = clock.nowMs()
  const secret = makeSecret('live')
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await planOf(tables, tenant, nowMs)
    const key: Key = {
      ...{ id: prefixedId('key'), tenantId: tenant.id, name: 'Try it', mode: 'live', state: 'active' },
      ...{ hash: hashSecret(secret), masked: maskSecret(secret), reason: null, purpose: 'try-it' },
      ...{ requestedBy: request.actor, decidedBy: 'gatez', decisionReason: null, replacedById: null },
      ...{ createdAtMs: nowMs, decidedAtMs: nowMs, revealedAtMs: null, revokedAtMs: null },
      ...{ expiresAtMs: nowMs + TRY_KEY_MS, routes: null, ips: null },
    }
    await tables.keys.insert(key)
    await record(tables, {
      ...{ atMs: nowMs, actor: request.actor, action: 'key.created', subject: `key:${key.id}` },
      detail: { tenant_id: tenant.id, name: key.name, mode: key.mode, masked: key.masked, purpose: 'try-it' },
    })
    return { secret, keyId: key.id, expiresAtMs: nowMs + TRY_KEY_MS }
  })
}

export interface TryKeyRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
}

export interface TryKey {
  readonly secret: string
  readonly keyId: string
  readonly expiresAtMs: number
}
