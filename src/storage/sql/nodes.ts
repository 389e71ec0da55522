import { type Kysely, sql } from 'kysely'
import type { NodeRow, NodeStore } from '../ports/nodes.ts'
import type { ControlSchema } from './schema.ts'

/** The nodes and how often each has started, in SQL. */
export class SqlNodeStore implements NodeStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async startEpoch(nodeId: string, startedAtMs: number, knownEpoch = 0): Promise<number> {
    const above = sql<number>`CASE WHEN nodes.epoch > ${knownEpoch} THEN nodes.epoch ELSE ${knownEpoch} END + 1`
    const row = await this.#db
      .insertInto('nodes')
      .values({ ...NEW, node_id: nodeId, epoch: knownEpoch + 1, started_at_ms: startedAtMs })
      .onConflict((conflict) =>
        conflict
          .column('node_id')
          .doUpdateSet({ epoch: above, started_at_ms: startedAtMs, stopped_at_ms: null }),
      )
      .returning('epoch')
      .executeTakeFirstOrThrow()
    return row.epoch
  }

  async shipped(nodeId: string, atMs: number): Promise<void> {
    await this.#db.updateTable('nodes').set({ shipped_at_ms: atMs }).where('node_id', '=', nodeId).execute()
  }

  async stopped(nodeId: string, atMs: number): Promise<void> {
    const set = { shipped_at_ms: atMs, stopped_at_ms: atMs }
    await this.#db.updateTable('nodes').set(set).where('node_id', '=', nodeId).execute()
  }

  async list(): Promise<readonly NodeRow[]> {
    const rows = await this.#db.selectFrom('nodes').selectAll().orderBy('node_id').execute()
    return rows.map((row) => ({
      nodeId: row.node_id,
      epoch: row.epoch,
      startedAtMs: row.started_at_ms,
      shippedAtMs: row.shipped_at_ms,
      stoppedAtMs: row.stopped_at_ms,
    }))
  }
}

const NEW = { shipped_at_ms: null, stopped_at_ms: null }
