import type { TenantState } from '../model/tenant.ts'
import { Refusal } from './refusal.ts'

/** Why no call of a tenant in this state passes; undefined if calls do. */
export function tenantRefusal(state: TenantState): Refusal | undefined {
  if (state === 'active') return undefined
  if (state === 'capped') return CAPPED
  return state === 'unpaid' ? UNPAID : SUSPENDED
}

const SUSPENDED = new Refusal('tenant-suspended', 'The account this key belongs to is suspended.')

const CAPPED = new Refusal(
  'spend-cap-reached',
  'The account this key belongs to has reached what it may spend in this period.',
)

const UNPAID = new Refusal(
  'payment-overdue',
  'The account this key belongs to has an invoice that was not paid in time.',
)
