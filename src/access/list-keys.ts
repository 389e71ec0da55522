import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { Access } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { type KeyView, type KeyViewState, viewKey } from './key-view.ts'

/** Keys and key requests, newest first: all, or those of one tenant or state. */
export async function listKeys(
  { store, clock }: Access,
  request: ListKeysRequest,
): Promise<readonly KeyView[]> {
  const nowMs = clock.nowMs()
  const state = request.status === undefined ? undefined : parseState(request.status)
  const tenant = request.tenant === undefined ? undefined : await findTenant(store, request.tenant)

  const keys = await store.keys.list(tenant === undefined ? {} : { tenantId: tenant.id })
  // Those that gatez makes for the portal end by themselves: nobody asked for them, nobody holds them.
  const held = keys.filter(({ purpose }) => purpose !== 'try-it')
  return held.map((key) => viewKey(key, nowMs)).filter((key) => state === undefined || key.state === state)
}

export interface ListKeysRequest {
  /** Id or external id. */
  readonly tenant?: string | undefined
  /** One of `KEY_STATUSES`. */
  readonly status?: string | undefined
}

/** What a list can be narrowed to. `pending` is another word for `requested`. */
const KEY_STATUSES = ['requested', 'pending', 'approved', 'active', 'expired', 'rejected', 'revoked'] as const

function parseState(text: string): KeyViewState {
  const status = KEY_STATUSES.find((known) => known === text)
  if (status === undefined) {
    throw new GatezError(
      'invalid-parameter',
      `status is ${JSON.stringify(text)}${didYouMean(text, KEY_STATUSES)}; it is one of ${KEY_STATUSES.join(', ')}.`,
    )
  }
  return status === 'pending' ? 'requested' : status
}
