import { GatezError } from '../errors/gatez-error.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/**
 * Throws `wrong-state` if this member is the last admin of its tenant.
 *
 * Holds until the transaction ends: of two admins who take the role from each other, one is told to stay.
 */
export async function keepAdmin(tables: ControlTables, tenantId: string, leavingId: string): Promise<void> {
  await tables.tenants.lock(tenantId)
  const members = await tables.tenants.listMembers(tenantId)
  if (members.some(({ id, role }) => id !== leavingId && role === 'admin')) return
  throw new GatezError('wrong-state', 'Without its last admin nobody could look after the organisation.')
}
