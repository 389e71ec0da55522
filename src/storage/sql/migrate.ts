import { type Kysely, sql } from 'kysely'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SqlDdl, SqlEngine } from './engine.ts'
import { initial } from './migrations/0001-initial.ts'
import { seals } from './migrations/0002-seals.ts'
import { tokensAndEvents } from './migrations/0003-tokens-and-events.ts'
import { marksAndDimensions } from './migrations/0004-marks-and-dimensions.ts'
import { keptAnswers } from './migrations/0005-kept-answers.ts'
import { quotasAndTerms } from './migrations/0010-quotas-and-terms.ts'
import { invoices } from './migrations/0011-invoices.ts'
import { control } from './migrations/0012-control.ts'
import { customersAndExports } from './migrations/0014-customers-and-exports.ts'
import { portal } from './migrations/0017-portal.ts'
import { billedKeys } from './migrations/0018-billed-keys.ts'
import type { ControlSchema } from './schema.ts'

/**
 * Brings the store to the schema this program knows, in one transaction.
 *
 * A store that is up to date costs one read. Two programs that open a new store at once do not
 * collide: the second waits and finds the work done. A store with a newer schema is refused, because
 * what a newer gatez wrote there must not be half understood.
 */
export async function migrate(
  db: Kysely<ControlSchema>,
  { engine, clock }: { readonly engine: SqlEngine; readonly clock: Clock },
): Promise<void> {
  const found = await versionOf(db, engine)
  if (found === LATEST_VERSION) return
  const right = await engine.migrationRight?.execute(db)
  if (right?.rows.length === 0) throw mayNotMigrate(engine, found)

  await db.transaction().execute(async (transaction) => {
    await engine.migrationLock?.execute(transaction)
    await sql.raw(HISTORY_TABLE(engine.ddl)).execute(transaction)
    const version = await versionOf(transaction, engine)
    for (const migration of MIGRATIONS) {
      if (migration.version <= version) continue
      for (const statement of migration.statements(engine.ddl)) await sql.raw(statement).execute(transaction)
      await transaction
        .insertInto('schema_migrations')
        .values({ version: migration.version, name: migration.name, applied_at_ms: clock.nowMs() })
        .execute()
    }
    if (version === LATEST_VERSION) return
    for (const statement of engine.afterMigrations) await sql.raw(statement).execute(transaction)
  })
}

function mayNotMigrate({ place }: SqlEngine, version: number): GatezError {
  const detail =
    `The store ${place} has schema ${version}, this gatez needs ${LATEST_VERSION}, and this user may not make tables: ` +
    'run gatez db migrate once, as the user who owns them (docs/postgres.md).'
  return new GatezError('store-unavailable', detail)
}

/** One step of the schema. Once released it is never edited; a later one mends it. */
export interface Migration {
  readonly version: number
  readonly name: string
  statements(ddl: SqlDdl): readonly string[]
}

/** All of them, in order. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  seals,
  tokensAndEvents,
  marksAndDimensions,
  keptAnswers,
  quotasAndTerms,
  invoices,
  control,
  customersAndExports,
  portal,
  billedKeys,
]
/** The newest schema this program knows. */
export const LATEST_VERSION = Math.max(...MIGRATIONS.map(({ version }) => version))

/** The schema version of the store; 0 when it is new. Throws when it is newer than ours. */
export async function versionOf(db: Kysely<ControlSchema>, engine: SqlEngine): Promise<number> {
  const history = await engine.findTable('schema_migrations').execute(db)
  if (history.rows.length === 0) return 0

  const row = await db
    .selectFrom('schema_migrations')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirst()
  const version = row?.version ?? 0
  if (version > LATEST_VERSION) {
    throw new GatezError(
      'store-unavailable',
      `The store ${engine.place} has schema ${version}, this gatez knows schemas up to ${LATEST_VERSION}. ` +
        'A newer gatez wrote it: use that one, or a backup from before.',
    )
  }
  return version
}

const HISTORY_TABLE = (ddl: SqlDdl): string =>
  `create table if not exists schema_migrations (
    version integer primary key,
    name text not null,
    applied_at_ms ${ddl.bigint} not null
  )`
