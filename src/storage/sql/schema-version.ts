import { Kysely } from 'kysely'
import type { SqlEngine } from './engine.ts'
import { LATEST_VERSION, MIGRATIONS, versionOf } from './migrate.ts'
import type { ControlSchema } from './schema.ts'

/** Which schema a store has, 0 for none, and what is to come. Closes the engine. Throws when it is a newer one. */
export async function readSchemaVersion(engine: SqlEngine): Promise<SchemaVersion> {
  const db = new Kysely<ControlSchema>({ dialect: engine.dialect })
  try {
    const version = await versionOf(db, engine)
    const pending = MIGRATIONS.filter((migration) => migration.version > version).map(({ name }) => name)
    return { version, known: LATEST_VERSION, pending }
  } finally {
    await db.destroy()
    await engine.close()
  }
}

/** What `readSchemaVersion` found. */
export interface SchemaVersion {
  readonly version: number
  /** The newest this gatez knows. */
  readonly known: number
  readonly pending: readonly string[]
}
