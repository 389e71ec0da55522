import type { Overrides } from './overrides.ts'
import type { Period } from './period.ts'

/** A customer organisation. */
export interface Tenant {
  /** Slug, `[a-z0-9_-]{1,64}`; chosen at create, immutable, never used again. */
  readonly id: string
  readonly name: string
  /** The id another system knows it by; unique; accepted wherever an id is. */
  readonly externalId: string | null
  readonly state: TenantState
  /** What it gets beside its plan; null for most. */
  readonly overrides: Overrides | null
  readonly createdAtMs: number
  /** What its invoices say of it beside its name; not there while nothing is known. */
  readonly customer?: Customer
}

/** Who an invoice is for, as the law wants it said. */
export interface Customer {
  /** In lines. */
  readonly address: readonly string[]
  readonly taxId: string | null
  /** Why no tax is charged, in words that stand on the invoice; null = tax is charged. */
  readonly taxExempt: string | null
}

/**
 * `suspended` by the operator; `unpaid` by dunning, until the invoice is paid; `capped` when a period cost as much as it
 * may, until the next one.
 */
export type TenantState = 'active' | 'suspended' | 'unpaid' | 'capped' | 'deleted'

export const TENANT_ID_PATTERN = /^[a-z0-9_-]{1,64}$/

/** A tenant's plan over time. At most one is active at a moment. */
export interface Subscription {
  readonly id: string
  readonly tenantId: string
  readonly planId: string
  /** The version whose prices hold for this subscription. */
  readonly planVersion: number
  readonly startMs: number
  /** null while it runs. Half-open: up to but without. */
  readonly endMs: number | null
  /** From when the tenant has had a plan without a break; not there = `startMs`. Billing periods may be counted from it. */
  readonly anchorMs?: number
  /** From when the tenant has been on this plan without a break, in any version; not there = `startMs`. */
  readonly planSinceMs?: number
  /** Nothing of it is billed. */
  readonly isTrial?: true
}

/** Whether a tenant has it at any moment of a period. */
export function runsIn({ startMs, endMs }: Subscription, period: Period): boolean {
  return startMs < period.endMs && (endMs === null || endMs > period.startMs)
}

/** A person of a tenant; signs in to the developer portal. */
export interface Member {
  readonly id: string
  readonly tenantId: string
  /** Lower case. */
  readonly email: string
  readonly role: MemberRole
  readonly createdAtMs: number
}

export const MEMBER_ROLES = ['admin', 'developer', 'billing', 'viewer'] as const

export type MemberRole = (typeof MEMBER_ROLES)[number]

/** A link that lets a member in once. Only the hash of its token is kept. */
export interface MemberLink {
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly memberId: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}
