import type { KeyMode, KeyState } from './key.ts'
import type { TenantState } from './tenant.ts'

/**
 * All a gateway must know of a key to admit a call with it: one row, one read.
 *
 * Which plan rules hold is looked up by `planId` in the plans in force, so that a changed plan needs
 * no new grant.
 */
export interface Grant {
  readonly keyId: string
  readonly keyMode: KeyMode
  readonly keyState: KeyState
  readonly expiresAtMs: number | null
  readonly tenantId: string
  readonly tenantState: TenantState
  /** null while the tenant has no subscription. */
  readonly planId: string | null
  readonly planVersion: number
  readonly subscriptionId: string
  /** When this subscription ends and the grant must be read again; null while no end is set. */
  readonly planUntilMs: number | null
}
