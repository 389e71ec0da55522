import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { TenantStore } from '../storage/ports/tenants.ts'

/** The id of the tenant that `--tenant` names. Deleted tenants have usage too, so unlike elsewhere they are found. */
export async function usageTenantId(tenants: TenantStore, written: string): Promise<string> {
  const tenant = await tenants.find(written)
  if (tenant !== undefined) return tenant.id
  const known = await tenants.list()
  const hint = didYouMean(
    written,
    known.map(({ id }) => id),
  )
  throw new GatezError('not-found', `--tenant ${JSON.stringify(written)}: there is no such tenant${hint}.`)
}
