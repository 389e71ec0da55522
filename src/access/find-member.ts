import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { Member, Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** The member of `tenant` with this address or id; throws `not-found` naming the nearest. */
export async function findMember(tables: ControlTables, tenant: Tenant, name: string): Promise<Member> {
  const members = await tables.tenants.listMembers(tenant.id)
  const wanted = name.trim().toLowerCase()
  const found = members.find((member) => member.email === wanted || member.id === wanted)
  if (found !== undefined) return found
  const emails = members.map((member) => member.email)
  const way =
    emails.length === 0
      ? `It has none: gatez tenants invite ${tenant.id} EMAIL adds one.`
      : `gatez members list ${tenant.id} shows them.`
  throw new GatezError(
    'not-found',
    `Tenant ${tenant.id} has no member ${JSON.stringify(name)}${didYouMean(wanted, emails)}. ${way}`,
  )
}
