import type { UnattributedReason } from '../ports/unattributed.ts'

export interface TokenRow {
  readonly id: string
  readonly name: string
  /** JSON list. */
  readonly scopes: string
  readonly hash: string
  readonly masked: string
  readonly created_by: string
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
  readonly revoked_at_ms: number | null
}

export interface IngestedEventRow {
  readonly tenant_id: string
  readonly source: string
  readonly id: string
  readonly event_id: string
  readonly hash: string
  /** Ids of meters, with commas between. */
  readonly matched: string
  /** 0 or 1. */
  readonly late: number
  readonly adjustment: number
  readonly received_at_ms: number
}

export interface IngestedSealRow {
  readonly bucket_ms: number
  readonly events: number
  readonly contents: string
}

export interface EventBatchRow {
  readonly first_seq: number
  readonly count: number
  readonly lines: string
}

export interface UnattributedRow {
  readonly tenant: string
  readonly source: string
  readonly id: string
  readonly hash: string
  readonly reason: UnattributedReason
  readonly body: string
  readonly times: number
  readonly first_at_ms: number
  readonly last_at_ms: number
}

/** A call with an Idempotency-Key: under way until it has a head. */
export interface KeptAnswerRow {
  readonly tenant_id: string
  readonly route_id: string
  readonly idempotency_key: string
  /** Of the call that holds the key. */
  readonly event_id: string
  /** JSON: the events of calls that broke off with it. */
  readonly earlier_ids: string
  readonly fingerprint: string
  readonly node_id: string
  readonly epoch: number
  readonly lease_until_ms: number
  readonly expires_at_ms: number
  /** JSON: status, fields and request id of the answer. */
  readonly head: string | null
  /** Base64. */
  readonly body: string | null
  readonly bytes: number
  /** 1 when a call that broke off with it was on the bill already. */
  readonly billed: number
}
