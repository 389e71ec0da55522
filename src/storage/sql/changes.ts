import type { Kysely } from 'kysely'
import type { Change, ChangeStore } from '../ports/changes.ts'
import type { ControlSchema } from './schema.ts'

/** What changed, in order, in SQL. */
export class SqlChangeStore implements ChangeStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(subject: string, atMs: number): Promise<void> {
    await this.#db.insertInto('changes').values({ subject, at_ms: atMs }).execute()
  }

  async after(sequence: number): Promise<readonly Change[]> {
    return this.#db
      .selectFrom('changes')
      .select(['sequence', 'subject'])
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .execute()
  }

  async latestSequence(): Promise<number> {
    const row = await this.#db
      .selectFrom('changes')
      .select(({ fn }) => fn.max('sequence').as('sequence'))
      .executeTakeFirst()
    return row?.sequence ?? 0
  }
}
