import { GatezError } from '../errors/gatez-error.ts'
import { type Key, maskSecret } from '../model/key.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { findTenant } from './find-tenant.ts'

/** The key or key request with this id; throws `not-found`. A secret in its place is never repeated. */
export async function findKey(tables: ControlTables, keyId: string): Promise<Key> {
  if (SECRET_START.test(keyId)) {
    throw new GatezError(
      'invalid-parameter',
      `${maskSecret(keyId.slice(0, SECRET_LENGTH))} is a secret, not an id: name the key by its id, as key_….`,
    )
  }
  const key = await tables.keys.find(keyId)
  if (key === undefined) throw new GatezError('not-found', `There is no key ${JSON.stringify(keyId)}.`)
  return key
}

/** The same, with its tenant locked: nothing of either changes until the transaction ends. */
export async function lockKey(tables: ControlTables, keyId: string): Promise<LockedKey> {
  const { tenantId } = await findKey(tables, keyId)
  const tenant = await findTenant(tables, tenantId)
  await tables.tenants.lock(tenant.id)
  return { key: await findKey(tables, keyId), tenant }
}

export interface LockedKey {
  readonly key: Key
  readonly tenant: Tenant
}

const SECRET_START = /^gz_(?:live|test)_/
const SECRET_LENGTH = 'gz_live_'.length + 38
