import type { AppliedPlans } from '../access/apply-plans.ts'
import type { approveKeys } from '../access/approve-keys.ts'
import type { cancelPlan } from '../access/cancel-plan.ts'
import type { changePlan } from '../access/change-plan.ts'
import type { CreateKeyRequest } from '../access/create-key.ts'
import type { createTenant } from '../access/create-tenant.ts'
import type { createToken } from '../access/create-token.ts'
import type { deleteTenant, tenantBlockers } from '../access/delete-tenant.ts'
import type { PlanDiff } from '../access/diff-plans.ts'
import type { importKeys } from '../access/import-keys.ts'
import type { inviteMember } from '../access/invite-member.ts'
import type { KeyView, RevealedKeyView } from '../access/key-view.ts'
import type { listKeys } from '../access/list-keys.ts'
import type { listMembers } from '../access/list-members.ts'
import type { overrideTenant } from '../access/override-tenant.ts'
import type { WrittenScope } from '../access/parse-scope.ts'
import type { PlanView } from '../access/plan-view.ts'
import type { rejectKeys } from '../access/reject-keys.ts'
import type { removeMember } from '../access/remove-member.ts'
import type { RequestKeyRequest } from '../access/request-key.ts'
import type { resetMember } from '../access/reset-member.ts'
import type { resumeTenant } from '../access/resume-tenant.ts'
import type { revealKeys } from '../access/reveal-keys.ts'
import type { revokeKeys } from '../access/revoke-keys.ts'
import type { revokeTokens } from '../access/revoke-tokens.ts'
import type { rotateKey } from '../access/rotate-key.ts'
import type { showKey } from '../access/show-key.ts'
import type { showMember } from '../access/show-member.ts'
import type { showTenant } from '../access/show-tenant.ts'
import type { OperatorLink } from '../access/sign-in-operator.ts'
import type { suspendTenant } from '../access/suspend-tenant.ts'
import type { TenantView } from '../access/tenant-view.ts'
import type { TokenView } from '../access/token-view.ts'
import type { KeyVerdict } from '../access/verify-key.ts'
import type { ChangePreview, PreviewRequest } from '../billing/preview-change.ts'
import type { BillingConfig } from '../config/config.ts'
import type { RouteView } from '../config/route-view.ts'
import type { FileTally } from '../ingest/file-tally.ts'
import type { RetryTally } from '../ingest/unattributed.ts'
import type { DegradedList } from '../limits/degraded-calls.ts'
import type { LimitNow } from '../limits/limits-now.ts'
import type { Explanation } from '../metering/explain-call.ts'
import type { AskedCalls, CallPage } from '../metering/list-calls.ts'
import type { QuotaRow } from '../metering/list-quotas.ts'
import type { Simulation } from '../metering/simulate-prices.ts'
import type { UsageLatency } from '../metering/usage-latency.ts'
import type { WrittenUsageQuery } from '../metering/usage-query.ts'
import type { UsageRefusals } from '../metering/usage-refusals.ts'
import type { UsageReport } from '../metering/usage-report.ts'
import type { UsageStream } from '../metering/usage-stream.ts'
import type { UsageEvent } from '../model/event.ts'
import type { LeakKind } from '../model/leak-kind.ts'
import type { Plan } from '../model/plan.ts'
import type { EventTrail } from '../reconcile/event-trail.ts'
import type { ExplainedEvent, ExplainedFigure } from '../reconcile/explain-figure.ts'
import type { LeakedUsage } from '../reconcile/find-leaks.ts'
import type { Reconciliation } from '../reconcile/reconcile.ts'
import type { UsageLeaks } from '../reconcile/usage-leaks.ts'
import type { VoidedEvent, VoidRequest } from '../reconcile/void-event.ts'
import type { TrafficNow } from '../telemetry/traffic-window.ts'

/**
 * What can be done with an installation: the use cases that commands call, signed with who asks.
 *
 * The control API offers each over HTTP and adds nothing to them.
 */
export interface Cases extends AccessCases {
  billingTerms(): Promise<BillingConfig>
  usageReport(written: WrittenUsageQuery): Promise<UsageReport>
  /** The same, to be written row by row: by tenant and key if not told otherwise. */
  usageStream(written: WrittenUsageQuery): Promise<UsageStream>
  listQuotas(request: { readonly tenant?: string | undefined }): Promise<readonly QuotaRow[]>
  listDegraded(request: {
    readonly tenant?: string | undefined
    readonly limit: number
  }): Promise<DegradedList>
  simulatePrices(written: WrittenUsageQuery, plans: readonly Plan[]): Promise<Simulation>
  previewChange(request: PreviewRequest): Promise<ChangePreview>
}

interface AccessCases {
  createTenant: Unsigned<typeof createTenant>
  listTenants(): Promise<readonly TenantView[]>
  showTenant: Asked<typeof showTenant>
  suspendTenant: Unsigned<typeof suspendTenant>
  resumeTenant: Unsigned<typeof resumeTenant>
  changePlan: Unsigned<typeof changePlan>
  cancelPlan: Unsigned<typeof cancelPlan>
  tenantBlockers: Asked<typeof tenantBlockers>
  deleteTenant: Unsigned<typeof deleteTenant>
  overrideTenant(
    request: Omit<Parameters<typeof overrideTenant>[1], 'actor' | 'knownFeatures'>,
  ): ReturnType<typeof overrideTenant>
  inviteMember: Unsigned<typeof inviteMember>
  listMembers: Asked<typeof listMembers>
  showMember: Asked<typeof showMember>
  resetMember: Unsigned<typeof resetMember>
  removeMember: Unsigned<typeof removeMember>
  createKey(request: Scoped<CreateKeyRequest>): Promise<RevealedKeyView>
  requestKey(request: Scoped<RequestKeyRequest>): Promise<KeyView>
  listKeys: Asked<typeof listKeys>
  showKey: Asked<typeof showKey>
  approveKeys: Unsigned<typeof approveKeys>
  rejectKeys: Unsigned<typeof rejectKeys>
  revealKeys: Unsigned<typeof revealKeys>
  revokeKeys: Unsigned<typeof revokeKeys>
  rotateKey: Unsigned<typeof rotateKey>
  verifyKey(request: {
    readonly secret: string
    readonly route?: string | undefined
    readonly ip?: string | undefined
  }): Promise<KeyVerdict>
  importKeys: Unsigned<typeof importKeys>
  createToken: Unsigned<typeof createToken>
  listTokens(): Promise<readonly TokenView[]>
  revokeTokens: Unsigned<typeof revokeTokens>
  makeOperatorLink(): Promise<OperatorLink>
  applyPlans(request: {
    readonly mode: 'explicit' | 'start'
    readonly dryRun?: boolean
    readonly migrate?: boolean
  }): Promise<AppliedPlans>
  listPlans(): Promise<readonly PlanView[]>
  showPlan(request: { readonly planId: string }): Promise<PlanView>
}

/** What looks at single calls, proves the numbers, and brings usage in. Beside the others: it needs more stores. */
export interface EvidenceCases {
  latency(
    written: Omit<WrittenUsageQuery, 'by' | 'meters' | 'tz'> & { readonly by: string },
  ): Promise<UsageLatency>
  /** Of one tenant's calls only, if one is given: those of others are as if there were none. */
  why(id: string, tenantId?: string): Promise<Explanation & { readonly others: readonly string[] }>
  listCalls(asked: AskedCalls): Promise<CallPage>
  /** Opens a line of an invoice: what it was made of, down to events. */
  explainLine(asked: { readonly invoice: string; readonly line: number }): Promise<ExplainedLine>
  tailUsage(written: {
    readonly tenant?: string | undefined
    readonly key?: string | undefined
    readonly route?: string | undefined
    readonly status?: string | undefined
    readonly last: number
    readonly lookBack?: number | undefined
    readonly follow: boolean
    readonly parts?: 'ends' | undefined
    readonly signal: AbortSignal
  }): AsyncIterable<readonly UsageEvent[]>
  diffPlans(plans: readonly Plan[]): Promise<PlansDiffView>
  reconcile(written: WrittenUsageQuery): Promise<Reconciliation>
  listRoutes(): readonly RouteView[]
  ingest(body: AsyncIterable<Uint8Array>, run: IngestRun): Promise<FileTally>
  importLog(body: AsyncIterable<Uint8Array>, run: ImportRun): Promise<FileTally>
  usageLeaks(written: AskedLeaks): Promise<UsageLeaks>
  eachLeak(written: AskedLeaks, each: Visit<LeakedUsage>): Promise<void>
  explain(written: AskedFigure): Promise<ExplainedFigure>
  eachBehind(written: AskedFigure, each: Visit<ExplainedEvent>): Promise<void>
  trail(id: string): Promise<EventTrail>
  voidEvent(request: VoidRequest): Promise<VoidedEvent>
  refusals(written: Omit<WrittenUsageQuery, 'by' | 'meters' | 'tz'>): Promise<UsageRefusals>
  retryUnattributed(): Promise<RetryTally>
}

/** What is going on now: some of it only a gateway that runs can say. */
export interface NowCases {
  /** By ids or external ids; undefined where no gateway runs that could say. */
  limits(tenants: readonly string[]): Promise<readonly LimitNow[] | undefined>
  /** Of the gateway that runs here, counted as calls end; undefined where none does. */
  traffic(): Promise<TrafficNow | undefined>
  health(): Promise<readonly HealthFinding[]>
  schema(): Promise<SchemaView>
}

/** What one look at an installation found. */
export interface HealthFinding {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'failure'
  readonly detail: string
  /** What to do about it; null when there is nothing to do. */
  readonly fix: string | null
}

/** What stands behind a line of an invoice. */
export interface ExplainedLine {
  readonly meter: string
  readonly from: string
  readonly to: string
  readonly quantity: string
  readonly stated: string | null
  readonly events_total: number
  readonly events_quantity: string
  readonly events: readonly {
    readonly id: string
    readonly request_id: string
    readonly timestamp: string
    readonly quantity: string
  }[]
  /** Whether the events come to the figure. */
  readonly equal: boolean
  readonly forgotten_before: string | null
}

/** Takes one after the other; the next one waits for it. */
export type Visit<Value> = (value: Value) => Promise<void> | void

/** Which leaks, as flags name them. */
export interface AskedLeaks extends Omit<WrittenUsageQuery, 'by' | 'tz'> {
  readonly kind?: LeakKind | undefined
}

/** A figure as flags name it, a line of an invoice, or a row of a CSV export. */
export interface AskedFigure extends Omit<WrittenUsageQuery, 'by' | 'tz'> {
  readonly meter: string
  readonly key?: string | undefined
  readonly route?: string | undefined
  readonly line?: { readonly invoice: string; readonly line: number } | undefined
  readonly csv?: { readonly file: string; readonly line: number; readonly text: string } | undefined
}

/** What the plans of another file would change. */
export interface PlansDiffView {
  readonly changed: boolean
  readonly plans: readonly PlanDiff[]
  readonly blocked_now: readonly { readonly tenant: string; readonly by: readonly string[] }[]
}

export interface IngestRun {
  /** Who brings it, for the audit log. */
  readonly actor: string
  readonly fromLine: number
  readonly signal: AbortSignal
}

export interface ImportRun extends IngestRun {
  readonly source: string
  readonly dryRun: boolean
}

type Asked<UseCase extends (parts: never, request: never) => unknown> = (
  request: Parameters<UseCase>[1],
) => ReturnType<UseCase>

type Unsigned<UseCase extends (parts: never, request: never) => unknown> = (
  request: Omit<Parameters<UseCase>[1], 'actor'>,
) => ReturnType<UseCase>

type Scoped<Request> = Omit<Request, 'actor' | 'scope'> & {
  readonly scope?: Omit<WrittenScope, 'knownRoutes'>
}

/** The schema of the control store; the names are stable. */
export interface SchemaView {
  readonly driver: 'sqlite' | 'postgres'
  /** A path, or an address without its password. */
  readonly place: string
  readonly schema: number
  readonly schema_known: number
  readonly pending: readonly string[]
}
