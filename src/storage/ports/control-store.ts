import type { AdjustmentStore } from './adjustments.ts'
import type { AuditStore } from './audit.ts'
import type { ChangeStore } from './changes.ts'
import type { DoneRequestStore } from './done-requests.ts'
import type { EventStore } from './events.ts'
import type { InvoiceStore } from './invoices.ts'
import type { KeptAnswerStore } from './kept-answers.ts'
import type { KeyStore } from './keys.ts'
import type { LeaseStore } from './leases.ts'
import type { LedgerStore } from './ledger.ts'
import type { NodeStore } from './nodes.ts'
import type { OutboxStore } from './outbox.ts'
import type { PlanStore } from './plans.ts'
import type { QuotaStore } from './quotas.ts'
import type { SessionStore } from './sessions.ts'
import type { SubscriptionStore } from './subscriptions.ts'
import type { TenantStore } from './tenants.ts'
import type { TokenStore } from './tokens.ts'
import type { UnattributedStore } from './unattributed.ts'
import type { UsageExportStore } from './usage-exports.ts'

/** The transactional truth: everything that is not a raw event or a counter. */
export interface ControlStore extends ControlTables, AsyncDisposable {
  /**
   * Runs `work` in one transaction: all of it holds afterwards, or nothing.
   *
   * Begins as a writer, so two transactions never fail by upgrading from reader to writer at once;
   * the second waits, at most five seconds, then `store-unavailable`. What was read in it is still so when
   * it is committed: nobody else writes meanwhile. With `side-by-side` others may, where the store knows
   * more than one writer at a time: for work that locks what it reads, or reads nothing.
   */
  transaction<Result>(
    work: (tables: ControlTables) => Promise<Result>,
    writers?: 'alone' | 'side-by-side',
  ): Promise<Result>

  /**
   * Runs `work`, which only reads, for one tenant.
   *
   * Where the store can, nothing of other tenants is there meanwhile, whatever is asked for: a second wall
   * behind the questions themselves.
   */
  forTenant<Result>(tenantId: string, work: (tables: ControlTables) => Promise<Result>): Promise<Result>

  /** Whether nodes on other machines may write to it. */
  readonly isShared: boolean

  /** Undefined where changes must be looked for. */
  readonly doorbell: Doorbell | undefined
}

/** What tells of changes as they are made. Best effort: who must know of every one looks for himself as well. */
export interface Doorbell {
  /** Calls `ring` soon after anyone committed a change; what it returns ends that. */
  onChange(ring: () => void): Disposable
}

/** The tables, either on their own or bound to one transaction. */
export interface ControlTables {
  readonly tenants: TenantStore
  readonly keys: KeyStore
  readonly plans: PlanStore
  readonly subscriptions: SubscriptionStore
  readonly ledger: LedgerStore
  readonly adjustments: AdjustmentStore
  readonly nodes: NodeStore
  readonly changes: ChangeStore
  readonly audit: AuditStore
  readonly outbox: OutboxStore
  readonly quotas: QuotaStore
  readonly tokens: TokenStore
  readonly events: EventStore
  readonly unattributed: UnattributedStore
  readonly invoices: InvoiceStore
  readonly leases: LeaseStore
  readonly usageExports: UsageExportStore
  readonly keptAnswers: KeptAnswerStore
  readonly doneRequests: DoneRequestStore
  readonly sessions: SessionStore
}
