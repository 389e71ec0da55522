import type { Generated } from 'kysely'

/** What a transaction added to the ledger, until it is added to the use of quotas. */
export interface UseNoteTable extends Omit<UseNoteRow, 'sequence'> {
  readonly sequence: Generated<number>
}

export interface UseNoteRow {
  readonly sequence: number
  readonly tenant_id: string
  readonly subscription_id: string
  readonly bucket_ms: number
  readonly requests: number
  readonly usage_units: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly duration_ms: number
  /** JSON. */
  readonly quantities: string
}

/** What a tenant used of a meter in the period of a quota, as the ledger has it. */
export interface QuotaUseRow {
  readonly tenant_id: string
  readonly meter_id: string
  readonly from_ms: number
  readonly to_ms: number
  /** An exact decimal. */
  readonly used: string
}

/** A threshold of a quota that was reached in a period: told of once. */
export interface QuotaAlertRow {
  readonly tenant_id: string
  readonly plan_id: string
  readonly quota_id: string
  readonly period_ms: number
  /** In percent. */
  readonly threshold: number
  readonly used: string
  readonly included: string
  readonly at_ms: number
}

/** What a tenant had beside its plan from a moment on, up to the next row. */
export interface OverrideVersionRow {
  readonly tenant_id: string
  readonly from_ms: number
  /** JSON; null when nothing. */
  readonly overrides: string | null
}
