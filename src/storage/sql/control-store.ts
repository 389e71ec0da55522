import { Kysely } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { ControlStore, ControlTables } from '../ports/control-store.ts'
import { SqlAuditStore } from './audit.ts'
import { SqlChangeStore } from './changes.ts'
import type { SqlEngine } from './engine.ts'
import { SqlKeyStore } from './keys.ts'
import { SqlLedgerStore } from './ledger.ts'
import { LedgerStatements } from './ledger-statements.ts'
import { migrate } from './migrate.ts'
import { SqlNodeStore } from './nodes.ts'
import { SqlOutboxStore } from './outbox.ts'
import { SqlPlanStore } from './plans.ts'
import type { ControlSchema } from './schema.ts'
import { SqlSubscriptionStore } from './subscriptions.ts'
import { SqlTenantStore } from './tenants.ts'

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
  const shared = { engine, clock, ledgerStatements: new LedgerStatements(db) }
  return {
    ...tablesOn(db, shared),
    transaction: (work) => db.transaction().execute((transaction) => work(tablesOn(transaction, shared))),
    [Symbol.asyncDispose]: async () => {
      await db.destroy()
      await engine.close()
    },
  }
}

interface Shared {
  readonly engine: SqlEngine
  readonly clock: Clock
  readonly ledgerStatements: LedgerStatements
}

function tablesOn(db: Kysely<ControlSchema>, { engine, clock, ledgerStatements }: Shared): ControlTables {
  return {
    tenants: new SqlTenantStore(db, engine),
    keys: new SqlKeyStore(db, clock),
    plans: new SqlPlanStore(db),
    subscriptions: new SqlSubscriptionStore(db),
    ledger: new SqlLedgerStore(db, ledgerStatements),
    nodes: new SqlNodeStore(db),
    changes: new SqlChangeStore(db),
    audit: new SqlAuditStore(db),
    outbox: new SqlOutboxStore(db),
  }
}
