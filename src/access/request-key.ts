import { prefixedId } from '../lib/id.ts'
import type { Key, KeyMode } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { parseExpiry } from './key-expiry.ts'
import { checkRoom, planOf } from './key-rules.ts'
import { type KeyView, viewKey } from './key-view.ts'
import { parseScope, type WrittenScope } from './parse-scope.ts'
import { checkedText, NAME_LENGTH_MAX, REASON_LENGTH_MAX } from './text.ts'

/**
 * Asks for a key. Its id stays the same from here to the end of the key.
 *
 * Approved at once when the plan says `approval: auto`, else it waits for the operator. There is no
 * secret before it is revealed. Refused when the tenant already holds all keys of its plan.
 */
export async function requestKey({ store, clock }: Access, request: RequestKeyRequest): Promise<KeyView> {
  const nowMs = clock.nowMs()
  const { actor } = request
  const name = request.name === undefined ? 'default' : checkedText('name', request.name, NAME_LENGTH_MAX)
  const reason =
    request.reason === undefined ? null : checkedText('reason', request.reason, REASON_LENGTH_MAX)
  const scope = parseScope(request.scope ?? { knownRoutes: [] })
  const expiresAtMs = request.expires === undefined ? null : parseExpiry(request.expires, nowMs)

  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    const plan = await planOf(tables, tenant, nowMs)
    await checkRoom(tables, tenant, plan)

    const approved = plan.keys.approval === 'auto'
    const key: Key = {
      id: prefixedId('key'),
      tenantId: tenant.id,
      name,
      mode: request.mode,
      state: approved ? 'approved' : 'requested',
      hash: null,
      masked: null,
      reason,
      requestedBy: actor,
      decidedBy: approved ? BY_RULE : null,
      decisionReason: null,
      createdAtMs: nowMs,
      decidedAtMs: approved ? nowMs : null,
      revealedAtMs: null,
      revokedAtMs: null,
      expiresAtMs,
      replacedById: null,
      ...scope,
    }
    await tables.keys.insert(key)
    const subject = `key:${key.id}`
    const detail = { tenant_id: tenant.id, name, mode: key.mode, reason, ...scope }
    await record(tables, { atMs: nowMs, actor, action: 'key.requested', subject, detail })
    if (approved) {
      const why = { plan: plan.id, approval: 'auto' }
      await record(tables, { atMs: nowMs, actor: BY_RULE, action: 'key.approved', subject, detail: why })
    }
    return viewKey(key, nowMs)
  })
}

export interface RequestKeyRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly mode: KeyMode
  /** `default` if not given. */
  readonly name?: string | undefined
  /** What the key is for, for whoever approves it. */
  readonly reason?: string | undefined
  readonly expires?: string | undefined
  /** What it may be used for; everything the plan opens if not given. */
  readonly scope?: WrittenScope | undefined
}

const BY_RULE = 'gatez'
