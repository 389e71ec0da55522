import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import { controlStorePlace, openControlStore, schemaOfControlStore } from '../storage/open.ts'

/** The schema of the control store: what it is, and what this gatez wants it to be. Changes nothing. */
export async function storeSchema(config: Pick<Config, 'stores'>): Promise<StoreSchema> {
  const { version, known, pending } = await schemaOfControlStore(config)
  const { driver } = config.stores.control
  return { driver, place: controlStorePlace(config), schema: version, schema_known: known, pending }
}

/** Brings the schema up to date; returns what it was before. Throws `store-unavailable`. */
export async function migrateStore(config: Pick<Config, 'stores'>, clock: Clock): Promise<StoreSchema> {
  const before = await storeSchema(config)
  await using _store = await openControlStore(config, clock)
  return before
}

/** As scripts read it; the names are stable. */
export interface StoreSchema {
  readonly driver: 'sqlite' | 'postgres'
  /** A path, or an address without its password. */
  readonly place: string
  /** 0 when there is nothing yet. */
  readonly schema: number
  readonly schema_known: number
  /** Names of the migrations that are to come, in order. */
  readonly pending: readonly string[]
}
