import type { Kysely } from 'kysely'
import type { Lease, LeaseStore } from '../ports/leases.ts'
import type { ControlSchema } from './schema.ts'

/** Leases in SQL: one row each. */
export class SqlLeaseStore implements LeaseStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async take({ name, holder, untilMs }: Lease, nowMs: number): Promise<Lease | undefined> {
    const row = { name, holder, until_ms: untilMs }
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('leases')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, until_ms: untilMs })
          .where((eb) => eb.or([eb('leases.holder', '=', holder), eb('leases.until_ms', '<=', nowMs)])),
      )
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 1n) return undefined
    const other = await this.#db
      .selectFrom('leases')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    return { name, holder: other.holder, untilMs: other.until_ms }
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
  }
}
