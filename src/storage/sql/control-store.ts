import { Kysely } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { ControlStore, ControlTables } from '../ports/control-store.ts'
import { SqlAdjustmentStore } from './adjustments.ts'
import { SqlAuditStore } from './audit.ts'
import { SqlChangeStore } from './changes.ts'
import { SqlDoneRequestStore } from './done-requests.ts'
import type { SqlEngine } from './engine.ts'
import { EventStatements } from './event-statements.ts'
import { SqlEventStore } from './events.ts'
import { SqlInvoiceStore } from './invoices.ts'
import { SqlKeptAnswerStore } from './kept-answers.ts'
import { SqlKeyStore } from './keys.ts'
import { SqlLeaseStore } from './leases.ts'
import { type LedgerShared, SqlLedgerStore } from './ledger.ts'
import { LedgerNumbers } from './ledger-numbers.ts'
import { LedgerStatements } from './ledger-statements.ts'
import { migrate } from './migrate.ts'
import { SqlNodeStore } from './nodes.ts'
import { SqlOutboxStore } from './outbox.ts'
import { SqlPlanStore } from './plans.ts'
import { SqlQuotaStore } from './quotas.ts'
import type { ControlSchema } from './schema.ts'
import { SqlSessionStore } from './sessions.ts'
import { SqlSubscriptionStore } from './subscriptions.ts'
import { SqlTenantStore } from './tenants.ts'
import { SqlTokenStore } from './tokens.ts'
import { SqlUnattributedStore } from './unattributed.ts'
import { SqlUsageExportStore } from './usage-exports.ts'

/**
 * Opens the control store on an SQL engine, with its schema up to date.
 *
 * Inside `transaction` use the tables it hands over, never the store itself: on SQLite both are one
 * connection, and the store would wait for the transaction that waits for it.
 */
export async function openSqlControlStore(engine: SqlEngine, clock: Clock): Promise<ControlStore> {
  const db = new Kysely<ControlSchema>({ dialect: engine.dialect })
  try {
    await migrate(db, { engine, clock })
  } catch (error) {
    await engine.close()
    throw error
  }
  const statements = new LedgerStatements(db)
  const numbers = LedgerNumbers.of(statements)
  const shared = { engine, clock, ledger: { statements, numbers }, events: new EventStatements(db) }
  return {
    ...tablesOn(db, shared),
    isShared: engine.name === 'postgres',
    doorbell: engine.doorbell,
    transaction: async (work, writers = 'alone') => {
      const ledger = { statements, numbers: numbers.inTransaction() }
      const result = await db.transaction().execute(async (transaction) => {
        if (writers === 'alone') await engine.writerLock?.execute(transaction)
        return work(tablesOn(transaction, { ...shared, ledger }))
      })
      ledger.numbers.keep()
      return result
    },
    forTenant: (tenantId, work) => {
      const scope = engine.tenantScope?.(tenantId)
      if (scope === undefined) return work(tablesOn(db, shared))
      return db
        .transaction()
        .setAccessMode('read only')
        .execute(async (transaction) => {
          await scope.execute(transaction)
          return work(tablesOn(transaction, shared))
        })
    },
    [Symbol.asyncDispose]: async () => {
      await db.destroy()
      await engine.close()
    },
  }
}

/** The tables over a connection that someone else looks after. */
export function tablesFor(
  db: Kysely<ControlSchema>,
  { engine, clock }: { readonly engine: SqlEngine; readonly clock: Clock },
): ControlTables {
  const statements = new LedgerStatements(db)
  const ledger = { statements, numbers: LedgerNumbers.of(statements) }
  return tablesOn(db, { engine, clock, ledger, events: new EventStatements(db) })
}

interface Shared {
  readonly engine: SqlEngine
  readonly clock: Clock
  readonly ledger: LedgerShared
  readonly events: EventStatements
}

function tablesOn(db: Kysely<ControlSchema>, { engine, clock, ledger, events }: Shared): ControlTables {
  return {
    tenants: new SqlTenantStore(db, engine),
    keys: new SqlKeyStore(db, clock),
    plans: new SqlPlanStore(db),
    subscriptions: new SqlSubscriptionStore(db),
    ledger: new SqlLedgerStore(db, ledger),
    adjustments: new SqlAdjustmentStore(db),
    nodes: new SqlNodeStore(db),
    changes: new SqlChangeStore(db),
    audit: new SqlAuditStore(db, engine),
    outbox: new SqlOutboxStore(db),
    quotas: new SqlQuotaStore(db),
    tokens: new SqlTokenStore(db),
    events: new SqlEventStore(db, events),
    unattributed: new SqlUnattributedStore(db),
    invoices: new SqlInvoiceStore(db),
    leases: new SqlLeaseStore(db),
    usageExports: new SqlUsageExportStore(db),
    keptAnswers: new SqlKeptAnswerStore(db),
    doneRequests: new SqlDoneRequestStore(db),
    sessions: new SqlSessionStore(db),
  }
}
