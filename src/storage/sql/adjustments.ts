import type { Kysely } from 'kysely'
import type { Adjustment } from '../../model/adjustment.ts'
import type { UsageEvent } from '../../model/event.ts'
import type { AdjustmentStore } from '../ports/adjustments.ts'
import type { AdjustmentRow, ControlSchema } from './schema.ts'

/** Adjustments in SQL; a trigger keeps rows as they are. */
export class SqlAdjustmentStore implements AdjustmentStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(adjustment: Adjustment): Promise<void> {
    const { id, eventId, eventMs, reason, actor, atMs, event } = adjustment
    const row = { id, event_id: eventId, event_ms: eventMs, seq: event.seq, reason, actor, at_ms: atMs }
    await this.#db
      .insertInto('adjustments')
      .values({ ...row, body: JSON.stringify(event) })
      .execute()
  }

  async ofEvent(eventId: string): Promise<Adjustment | undefined> {
    const query = this.#db.selectFrom('adjustments').selectAll().where('event_id', '=', eventId)
    const row = await query.executeTakeFirst()
    return row === undefined ? undefined : toAdjustment(row)
  }

  async after(seq: number): Promise<readonly Adjustment[]> {
    const query = this.#db.selectFrom('adjustments').selectAll().where('seq', '>', seq).orderBy('seq')
    return (await query.execute()).map(toAdjustment)
  }
}

function toAdjustment(row: AdjustmentRow): Adjustment {
  const event: UsageEvent = JSON.parse(row.body)
  const { id, event_id: eventId, event_ms: eventMs, reason, actor, at_ms: atMs } = row
  return { id, eventId, eventMs, reason, actor, atMs, event }
}
