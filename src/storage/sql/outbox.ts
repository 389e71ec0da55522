import type { Kysely } from 'kysely'
import type { OutboxMessage, OutboxStore } from '../ports/outbox.ts'
import { chunksOf } from './chunks.ts'
import type { ControlSchema, OutboxRow } from './schema.ts'

/** Messages to the outside, in SQL. */
export class SqlOutboxStore implements OutboxStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(message: OutboxMessage): Promise<void> {
    await this.insertAll([message])
  }

  async insertAll(messages: readonly OutboxMessage[]): Promise<void> {
    for (const chunk of chunksOf(messages, 64)) {
      await this.#db.insertInto('outbox').values(chunk.map(toRow)).execute()
    }
  }

  async pending(limit: number, kinds?: readonly string[]): Promise<readonly OutboxMessage[]> {
    let query = this.#db.selectFrom('outbox').selectAll().where('sent_at_ms', 'is', null)
    if (kinds !== undefined) query = query.where('kind', 'in', kinds)
    const rows = await query.orderBy('created_at_ms').orderBy('id').limit(limit).execute()
    return rows.map(toMessage)
  }

  async markSent(id: string, sentAtMs: number): Promise<void> {
    await this.#db.updateTable('outbox').set({ sent_at_ms: sentAtMs }).where('id', '=', id).execute()
  }
}

function toRow(message: OutboxMessage): OutboxRow {
  return {
    id: message.id,
    kind: message.kind,
    body: JSON.stringify(message.body),
    created_at_ms: message.createdAtMs,
    sent_at_ms: null,
  }
}

function toMessage(row: OutboxRow): OutboxMessage {
  const body: Readonly<Record<string, unknown>> = JSON.parse(row.body)
  return { id: row.id, kind: row.kind, body, createdAtMs: row.created_at_ms }
}
