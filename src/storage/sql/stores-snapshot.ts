import { chmodSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { parse } from 'node:path'
import type Database from 'better-sqlite3'
import { assert } from '../../lib/assert.ts'
import { systemClock } from '../../lib/clock.ts'
import type { ControlTables } from '../ports/control-store.ts'
import type { HeldSpool, HeldUsageLog } from '../ports/held-stores.ts'
import type { SnapshotPlace, StoreName, StoresSnapshot } from '../ports/stores-snapshot.ts'
import { openSqlControlStore } from './control-store.ts'
import { HeldSqliteSpool } from './held-spool.ts'
import { HeldSqliteUsageLog } from './held-usage-log.ts'
import type { HeldPostgres } from './postgres-held.ts'
import { sqliteEngine } from './sqlite-engine.ts'
import { openSqliteFileForReading } from './sqlite-file.ts'
import { sqliteProblem } from './sqlite-problem.ts'

/**
 * All stores of an installation as they are at one moment, while a gateway writes to them.
 *
 * Each file is held in a read transaction: writers go on beside it, readers of the snapshot see none of
 * what they write. The spool is held first. An event leaves the spool after it is in both stores, so
 * whatever the snapshot of the spool lacks was in both before: no gap. What can be torn is the newest
 * end, when a batch goes from one store to the next between two holds; `gapAt` tells, and taking another
 * snapshot a moment later mends it.
 */
export class SqliteStoresSnapshot implements StoresSnapshot {
  readonly #files: readonly HeldFile[]
  readonly #postgres: HeldPostgres | undefined

  private constructor(files: readonly HeldFile[], postgres: HeldPostgres | undefined) {
    this.#files = files
    this.#postgres = postgres
  }

  /**
   * Holds the files that exist, and the database `postgresUrl` if that is the control store; throws
   * `store-unavailable` when one cannot be read.
   */
  static async take(paths: StorePaths, postgresUrl?: string): Promise<SqliteStoresSnapshot> {
    const files: HeldFile[] = []
    let postgres: HeldPostgres | undefined
    try {
      // The spool before the stores its events go to.
      for (const path of paths.spool) {
        if (existsSync(path)) files.push(new HeldFile('spool', parse(path).name, path))
      }
      if (postgresUrl !== undefined) {
        const { HeldPostgres: Held } = await import('./postgres-held.ts')
        postgres = await Held.take(postgresUrl)
      }
      for (const store of ['control', 'usage'] as const) {
        const path = paths[store]
        if (path !== undefined && existsSync(path)) files.push(new HeldFile(store, store, path))
      }
      return new SqliteStoresSnapshot(files, postgres)
    } catch (error) {
      for (const file of files) file.close()
      postgres?.[Symbol.dispose]()
      throw error
    }
  }

  get names(): readonly string[] {
    return this.#files.map(({ name }) => name)
  }

  async places(nodeId: string): Promise<readonly SnapshotPlace[]> {
    const ledger = (await this.#ledgerOf(nodeId)) ?? this.#rows('control', MARKS, [nodeId])
    const usage = this.#rows('usage', MARKS, [nodeId])
    const spool = this.#rows('spool', SPOOLED)
    const epochs = new Set([...ledger, ...usage, ...spool].map(({ epoch }) => epoch))
    return [...epochs]
      .sort((one, other) => one - other)
      .map((epoch) => {
        const spooled = spool.filter((row) => row.epoch === epoch)
        return {
          epoch,
          ledger: ledger.find((row) => row.epoch === epoch)?.last ?? 0,
          usageLog: usage.find((row) => row.epoch === epoch)?.last ?? 0,
          spoolFirst: spooled.length === 0 ? null : Math.min(...spooled.map(({ first }) => first)),
          spoolLast: spooled.length === 0 ? null : Math.max(...spooled.map(({ last }) => last)),
        }
      })
  }

  /** Copies one file as it was held, durably, for its owner only. Throws what the disk refuses. */
  async copy(name: string, to: string): Promise<void> {
    const file = this.#files.find((each) => each.name === name)
    if (file === undefined) return
    try {
      await file.database.backup(to, { progress: () => PAGES_AT_ONCE })
      chmodSync(to, 0o600)
      sync(to)
    } catch (error) {
      throw sqliteProblem(error, to)
    }
  }

  async control(): Promise<ControlTables> {
    if (this.#postgres !== undefined) return this.#postgres.tables
    const file = this.#held('control')
    assert(file !== undefined, 'who reads a control store has opened it before')
    // Nothing is written and nothing disposed of: the engine ends with the file.
    return openSqlControlStore(sqliteEngine(file.database), systemClock)
  }

  usageLog(): HeldUsageLog | undefined {
    const file = this.#held('usage')
    return file?.has('forgotten') === true ? new HeldSqliteUsageLog(file.database) : undefined
  }

  spools(): readonly HeldSpool[] {
    return this.#files
      .filter((file) => file.store === 'spool' && file.hasColumn('batches', 'digest'))
      .map((file) => new HeldSqliteSpool(file.database))
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close()
    this.#postgres?.[Symbol.dispose]()
  }

  async #ledgerOf(node: string): Promise<readonly PlaceRow[] | undefined> {
    const marks = await this.#postgres?.tables.ledger.watermarks()
    return marks
      ?.filter(({ nodeId }) => nodeId === node)
      .map(({ epoch, seq }) => ({ epoch, first: 1, last: seq }))
  }

  #held(store: StoreName): HeldFile | undefined {
    return this.#files.find((each) => each.store === store)
  }

  #rows(store: StoreName, query: string, values: string[] = []): readonly PlaceRow[] {
    return this.#files
      .filter((file) => file.store === store && file.has(query === SPOOLED ? 'batches' : 'watermarks'))
      .flatMap((file) => file.database.prepare<string[], PlaceRow>(query).all(...values))
  }
}

/** Where those stores are that are files. */
export interface StorePaths {
  readonly control?: string
  readonly usage?: string
  /** All its files, oldest first. */
  readonly spool: readonly string[]
}

/** A file in a read transaction, which began when this was made. */
class HeldFile {
  readonly store: StoreName
  readonly name: string
  readonly database: Database.Database

  constructor(store: StoreName, name: string, path: string) {
    this.store = store
    this.name = name
    this.database = openSqliteFileForReading(path)
    try {
      this.database.exec('BEGIN')
      // The transaction begins with its first read.
      this.database.prepare('SELECT count(*) FROM sqlite_master').get()
    } catch (error) {
      this.database.close()
      throw sqliteProblem(error, path)
    }
  }

  has(table: string): boolean {
    const query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return this.database.prepare(query).get(table) !== undefined
  }

  hasColumn(table: string, column: string): boolean {
    const query = 'SELECT 1 FROM pragma_table_info(?) WHERE name = ?'
    return this.database.prepare(query).get(table, column) !== undefined
  }

  close(): void {
    this.database.close()
  }
}

interface PlaceRow {
  readonly epoch: number
  readonly first: number
  readonly last: number
}

/** 20 MB: some ten milliseconds of work before others have their turn. */
const PAGES_AT_ONCE = 5_000

const MARKS = 'SELECT epoch, 1 AS first, seq AS last FROM watermarks WHERE node_id = ?'

const SPOOLED = `
  SELECT epoch, min(first_seq) AS first, max(first_seq + count - 1) AS last FROM batches GROUP BY epoch`

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
