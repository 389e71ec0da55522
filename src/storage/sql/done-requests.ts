import type { Kysely } from 'kysely'
import type { DoneRequest, DoneRequestName, DoneRequestStore } from '../ports/done-requests.ts'
import type { ControlSchema } from './schema.ts'

/** Answers kept for retries, in SQL. */
export class SqlDoneRequestStore implements DoneRequestStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async find({ actor, idempotencyKey }: DoneRequestName): Promise<DoneRequest | undefined> {
    const row = await this.#db
      .selectFrom('done_requests')
      .selectAll()
      .where('actor', '=', actor)
      .where('idempotency_key', '=', idempotencyKey)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const { fingerprint, status, body, created_at_ms: createdAtMs } = row
    return { actor, idempotencyKey, fingerprint, status, body, createdAtMs }
  }

  async insert(answer: DoneRequest): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('done_requests')
      .values({
        actor: answer.actor,
        idempotency_key: answer.idempotencyKey,
        fingerprint: answer.fingerprint,
        status: answer.status,
        body: answer.body,
        created_at_ms: answer.createdAtMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }

  async forgetBefore(cutMs: number): Promise<void> {
    await this.#db.deleteFrom('done_requests').where('created_at_ms', '<', cutMs).execute()
  }
}
