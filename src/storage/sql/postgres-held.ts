import { Kysely } from 'kysely'
import { systemClock } from '../../lib/clock.ts'
import type { ControlTables } from '../ports/control-store.ts'
import { tablesFor } from './control-store.ts'
import { postgresEngine } from './postgres-engine.ts'
import type { ControlSchema } from './schema.ts'

/**
 * A control store in Postgres as it is at one moment, for reading only: while it is held, whatever others
 * write is not seen.
 */
export class HeldPostgres implements Disposable {
  readonly tables: ControlTables
  readonly #end: () => Promise<void>

  private constructor(tables: ControlTables, end: () => Promise<void>) {
    this.tables = tables
    this.#end = end
  }

  static async take(url: string): Promise<HeldPostgres> {
    const engine = postgresEngine(url, {
      connectionsMax: 1,
      name: 'snapshot',
      idleInTransactionMsMax: IDLE_MS_MAX,
    })
    const db = new Kysely<ControlSchema>({ dialect: engine.dialect })
    try {
      const transaction = await db
        .startTransaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute()
      const tables = tablesFor(transaction, { engine, clock: systemClock })
      // The moment is that of the first reading.
      await tables.nodes.list()
      return new HeldPostgres(tables, async () => {
        await transaction.rollback().execute()
        await db.destroy()
      })
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  [Symbol.dispose](): void {
    // Nothing was written, so nothing can be lost by it.
    this.#end().catch(() => {})
  }
}

/** Between two readings, events are counted again in memory: minutes where there are millions. */
const IDLE_MS_MAX = 3_600_000
