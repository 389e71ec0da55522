import type { Generated } from 'kysely'
import type { KeyMode, KeyState } from '../../model/key.ts'
import type { MemberRole, TenantState } from '../../model/tenant.ts'
import type { ControlPlaneSchema } from './control-schema.ts'
import type {
  EventBatchRow,
  IngestedEventRow,
  IngestedSealRow,
  KeptAnswerRow,
  TokenRow,
  UnattributedRow,
} from './intake-schema.ts'
import type { InvoiceTables } from './invoice-rows.ts'
import type {
  RollupCallerRow,
  RollupKindRow,
  RollupQuantityRow,
  RollupRow,
  RollupTenantRow,
  SealRow,
  WatermarkRow,
} from './ledger-schema.ts'
import type { OverrideVersionRow, QuotaAlertRow, QuotaUseRow, UseNoteTable } from './quota-rows.ts'
import type { UsageExportRow } from './usage-exports.ts'

/**
 * The tables of the control store, as SQLite and Postgres both hold them.
 *
 * Times are whole ms since 1970, booleans 0 or 1, JSON is text, exact decimals are text in SQLite and
 * NUMERIC in Postgres: whatever differs between the engines stays below this line.
 */
export interface ControlSchema extends InvoiceTables, ControlPlaneSchema {
  readonly schema_migrations: MigrationRow
  readonly tenants: TenantRow
  readonly usage_exports: UsageExportRow
  readonly members: MemberRow
  readonly member_links: MemberLinkRow
  readonly plans: PlanRow
  readonly plan_versions: PlanVersionRow
  readonly applied_files: AppliedFileRow
  readonly subscriptions: SubscriptionRow
  readonly keys: KeyRow
  readonly rollup_tenants: RollupTenantRow
  readonly rollup_callers: RollupCallerRow
  readonly rollup_kinds: RollupKindRow
  readonly rollups: RollupRow
  readonly rollup_quantities: RollupQuantityRow
  readonly watermarks: WatermarkRow
  readonly usage_seals: SealRow
  readonly unsealed: WatermarkRow
  readonly adjustments: AdjustmentRow
  readonly nodes: NodeTableRow
  readonly changes: ChangeRow
  readonly audit: AuditRow
  readonly outbox: OutboxRow
  readonly use_notes: UseNoteTable
  readonly quota_use: QuotaUseRow
  readonly quota_alerts: QuotaAlertRow
  readonly override_versions: OverrideVersionRow
  readonly tokens: TokenRow
  readonly ingested_events: IngestedEventRow
  readonly ingested_seals: IngestedSealRow
  readonly event_batches: EventBatchRow
  readonly unattributed_events: UnattributedRow
  readonly kept_answers: KeptAnswerRow
}

export interface MigrationRow {
  readonly version: number
  readonly name: string
  readonly applied_at_ms: number
}

export interface TenantRow {
  readonly id: string
  readonly name: string
  readonly external_id: string | null
  readonly state: TenantState
  /** JSON; null when nothing is overridden. */
  readonly overrides: string | null
  readonly created_at_ms: number
  /** JSON; null when its invoices say no more than its name. */
  readonly customer: string | null
}

export interface MemberRow {
  readonly id: string
  readonly tenant_id: string
  readonly email: string
  readonly role: MemberRole
  readonly created_at_ms: number
}

export interface MemberLinkRow {
  readonly hash: string
  readonly member_id: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

/** One row a plan: which version is current and where it stands in the file. */
export interface PlanRow {
  readonly id: string
  readonly position: number
  readonly current_version: number
  /** 1 once it left the file. */
  readonly withdrawn: number
}

export interface PlanVersionRow {
  readonly plan_id: string
  readonly version: number
  readonly hash: string
  /** The plan as JSON. */
  readonly body: string
  readonly created_at_ms: number
}

export interface AppliedFileRow {
  readonly sequence: Generated<number>
  readonly hash: string
  readonly applied_at_ms: number
}

export interface SubscriptionRow {
  readonly id: string
  readonly tenant_id: string
  readonly plan_id: string
  readonly plan_version: number
  readonly start_ms: number
  readonly end_ms: number | null
  readonly anchor_ms: number | null
  readonly plan_since_ms: number | null
  /** 0 or 1. */
  readonly is_trial: number
}

export interface KeyRow {
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly mode: KeyMode
  readonly state: KeyState
  readonly hash: string | null
  readonly masked: string | null
  readonly reason: string | null
  readonly requested_by: string
  readonly decided_by: string | null
  readonly decision_reason: string | null
  readonly created_at_ms: number
  readonly decided_at_ms: number | null
  readonly revealed_at_ms: number | null
  readonly revoked_at_ms: number | null
  readonly expires_at_ms: number | null
  readonly replaced_by_id: string | null
  /** JSON lists; null = not narrowed. */
  readonly routes: string | null
  readonly ips: string | null
  readonly purpose: 'try-it' | null
}

export interface AdjustmentRow {
  readonly id: string
  readonly event_id: string
  readonly event_ms: number
  readonly seq: number
  readonly reason: string
  readonly actor: string
  readonly at_ms: number
  /** The event that takes back another, as JSON. */
  readonly body: string
}

export interface NodeTableRow {
  readonly node_id: string
  readonly epoch: number
  readonly started_at_ms: number
  readonly shipped_at_ms: number | null
  readonly stopped_at_ms: number | null
}

export interface ChangeRow {
  readonly sequence: Generated<number>
  readonly subject: string
  readonly at_ms: number
}

export interface AuditRow {
  readonly sequence: Generated<number>
  readonly at_ms: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  /** JSON. */
  readonly detail: string
  readonly hash: string
}

export interface OutboxRow {
  readonly id: string
  readonly kind: string
  /** JSON. */
  readonly body: string
  readonly created_at_ms: number
  readonly sent_at_ms: number | null
}
