import type { KeyMode, KeyState } from './key.ts'
import type { KeyScope } from './key-scope.ts'
import type { Overrides } from './overrides.ts'
import type { TenantState } from './tenant.ts'

/**
 * All a gateway must know of a key to admit a call with it: one row, one read.
 *
 * Which plan rules hold is looked up by `planId` in the plans in force, so that a changed plan needs
 * no new grant.
 */
export interface Grant extends KeyScope {
  readonly keyId: string
  readonly keyMode: KeyMode
  readonly keyState: KeyState
  readonly expiresAtMs: number | null
  readonly tenantId: string
  readonly tenantState: TenantState
  /** What holds for this tenant in place of what its plan says; null when nothing does. */
  readonly overrides: Overrides | null
  /** null while the tenant has no subscription. */
  readonly planId: string | null
  readonly planVersion: number
  readonly subscriptionId: string
  /** When this subscription ends and the grant must be read again; null while no end is set. */
  readonly planUntilMs: number | null
  /** From when billing periods of the tenant may be counted; null without a subscription. */
  readonly anchorMs: number | null
  /** From when the tenant has been on its plan without a break; null without a subscription. */
  readonly planSinceMs: number | null
}
