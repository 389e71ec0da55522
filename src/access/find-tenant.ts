import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** The tenant with this id or external id; throws `not-found` when there is none or it was deleted. */
export async function findTenant(tables: ControlTables, name: string): Promise<Tenant> {
  const tenant = await tables.tenants.find(name)
  if (tenant?.state === 'deleted') {
    throw new GatezError('not-found', `Tenant ${tenant.id} was deleted.`)
  }
  if (tenant !== undefined) return tenant

  const others = await tables.tenants.list()
  const hint = didYouMean(
    name,
    others.map((other) => other.id),
  )
  throw new GatezError('not-found', `There is no tenant ${JSON.stringify(name)}${hint}.`)
}
