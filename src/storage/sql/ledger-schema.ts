import type { Generated } from 'kysely'
import type { Mark } from '../../model/mark.ts'

/** A tenant id of the ledger; '' for calls without a tenant. */
export interface RollupTenantRow {
  readonly tenant_no: Generated<number>
  readonly tenant_id: string
}

/** Who called: all calls of one key under one subscription, with the same dimensions. */
export interface RollupCallerRow {
  readonly caller_no: Generated<number>
  readonly tenant_no: number
  readonly key_id: string
  readonly plan_id: string
  readonly plan_version: number
  readonly subscription_id: string
  /** JSON in the order of the names; empty for none. */
  readonly dimensions: string
}

/** What kind of call: where it went and how it ended. */
export interface RollupKindRow {
  readonly kind_no: Generated<number>
  readonly api_id: string
  readonly route_id: string
  readonly status_class: number
  /** 0 or 1. */
  readonly billable: number
}

/** The columns that name one rollup. The tenant is the caller's: it keeps the rollups of one together. */
export interface RollupKeyColumns {
  readonly bucket_ms: number
  readonly tenant_no: number
  readonly caller_no: number
  readonly kind_no: number
}

export interface RollupRow extends RollupKeyColumns {
  readonly requests: number
  readonly refused: number
  readonly usage_units: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly duration_ms: number
}

/** A quantity that is added up (`sum`), or a mark (model/mark.ts), whose fields these are. */
export interface RollupQuantityRow extends RollupKeyColumns {
  readonly meter_id: string
  readonly aggregation: 'sum' | Mark['aggregation']
  readonly member: string
  readonly at_ms: number
  readonly event_id: string
  /** An exact decimal. */
  readonly quantity: string
}

export interface WatermarkRow {
  readonly node_id: string
  readonly epoch: number
  readonly seq: number
}

/** What the ledger took from one run of a node into one bucket. */
export interface SealRow {
  readonly bucket_ms: number
  readonly node_id: string
  readonly epoch: number
  readonly first_seq: number
  readonly last_seq: number
  readonly events: number
  readonly requests: number
  readonly refused: number
  readonly billable: number
  readonly usage_units: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly duration_ms: number
  /** JSON. */
  readonly meters: string
  readonly ids: string
  readonly contents: string
  readonly marks: string
}
