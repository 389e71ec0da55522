import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Reconciliation } from '../../src/reconcile/reconcile.ts'
import { reconcileStores } from '../../src/reconcile/reconcile-stores.ts'
import { storesIn } from './control-store.ts'
import { COUNTED_BILLING, invoiceCounted } from './counted-invoices.ts'
import { fillStores } from './counted-stores.ts'
import { MARCH_2026 } from './invoice-scene.ts'

/** One row of one store that someone changed, removed or doubled. */
export interface Mutation {
  readonly file: StoreFile
  readonly table: string
  readonly how: 'alter' | 'delete' | 'double'
  /** Which column, from what to what; empty unless altered. */
  readonly detail: string
  /** Of an event: its bucket, and the id by which it can be found now. */
  readonly event: { readonly id: string; readonly bucket: string } | undefined
}

export interface Trial {
  readonly mutation: Mutation
  readonly found: Reconciliation
}

type StoreFile = 'usage.db' | 'gatez.db' | 'spool.db'

/**
 * Fills stores and reconciles them, then again and again mutates one row of a copy and reconciles it. The same for
 * the same seed. Resolves to what the stores come to untouched.
 *
 * `onTrial` gets each; `work` is a folder of the caller's. Stores that are there already are taken as they are, so that
 * many trials can be made in several goes (`from`), and by several processes (`every`).
 */
export async function runTrials(
  { events, trials, seed, work, from = 0, every = 1, over }: Trials,
  onTrial: (trial: Trial, number: number) => void,
): Promise<Reconciliation> {
  const [whole, copy] = [join(work, 'whole'), join(work, `copy-${from % every}`)]
  const filled = join(work, 'filled.json')
  if (!existsSync(filled)) {
    // What an ended run left half-filled.
    rmSync(whole, { recursive: true, force: true })
    await fillStores({
      folder: whole,
      events,
      spooled: 700,
      reported: Math.min(10_000, Math.ceil(events / 4)),
    })
    await invoiceCounted(whole)
    writeFileSync(filled, JSON.stringify(await reconcileIn(whole)))
  }
  mkdirSync(join(copy, '.gatez'), { recursive: true })
  for (let number = from; number < trials && over?.() !== true; number += every) {
    const random = randomNumbers(seed * 1_000_003 + number * 7_919)
    for (const name of ['usage.db', 'gatez.db', 'spool.db', 'node']) {
      for (const tail of ['-wal', '-shm']) removeIfThere(join(copy, '.gatez', name + tail))
      copyFileSync(join(whole, '.gatez', name), join(copy, '.gatez', name))
    }
    const mutation = mutate(join(copy, '.gatez'), random, number)
    onTrial({ mutation, found: await reconcileIn(copy) }, number)
  }
  return JSON.parse(readFileSync(filled, 'utf8'))
}

export interface Trials {
  readonly events: number
  readonly trials: number
  readonly seed: number
  readonly work: string
  /** The first trial, and how many further on the next is. */
  readonly from?: number
  readonly every?: number
  /** Asked before each trial: whether to leave out the rest. */
  readonly over?: () => boolean
}

/** Reconciles the month of the stores in a folder. */
export function reconcileIn(folder: string): Promise<Reconciliation> {
  const config = { ...storesIn(folder), meters: [], billing: COUNTED_BILLING }
  return reconcileStores(config, { span: MARCH_2026 })
}

const MARKED = "aggregation <> 'sum'"
const ANOTHER_INVOICE = {
  id: "'inv_x' || id",
  number: "'INV-2026-1' || substr(number, 10)",
  attempt: 'attempt + 1',
}

/** Where mutations happen: as often as they stand here. Names of others are only changed or removed. */
const PLACES: readonly {
  readonly file: StoreFile
  readonly table: string
  readonly hows?: readonly Mutation['how'][]
  /** Which rows. */
  readonly where?: string
  /** The columns that are altered; all if not given. */
  readonly only?: readonly string[]
  /** Columns that say nothing about usage. */
  readonly but?: readonly string[]
  /** Columns that a double must have different, by SQL over the row. */
  readonly double?: Readonly<Record<string, string>>
}[] = [
  ...Array.from({ length: 6 }, () => ({
    file: 'usage.db' as const,
    table: 'event_rows',
    but: ['event_no'],
    double: { event_no: '(SELECT max(event_no) + 1 FROM event_rows)', id: "'X' || substr(id, 2)" },
  })),
  ...Array.from({ length: 5 }, () => ({
    file: 'gatez.db' as const,
    table: 'rollups',
    double: { caller_no: 'caller_no + 1000' },
  })),
  { file: 'gatez.db', table: 'rollups', double: { bucket_ms: 'bucket_ms - 900000 * 25' } },
  { file: 'gatez.db', table: 'rollup_quantities', double: { meter_id: "meter_id || '2'" } },
  { file: 'gatez.db', table: 'rollup_quantities', double: { kind_no: 'kind_no + 1000' } },
  { file: 'gatez.db', table: 'rollup_quantities', where: MARKED, double: { member: "member || '2'" } },
  { file: 'gatez.db', table: 'rollup_quantities', where: MARKED, double: { meter_id: "meter_id || '2'" } },
  { file: 'gatez.db', table: 'rollup_callers', hows: ['alter', 'delete'], where: "dimensions <> ''" },
  {
    file: 'usage.db',
    table: 'event_rows',
    hows: ['alter'],
    where: 'dimensions IS NOT NULL',
    only: ['dimensions'],
  },
  {
    file: 'usage.db',
    table: 'event_rows',
    hows: ['alter'],
    where: 'quantities IS NOT NULL',
    only: ['quantities'],
  },
  { file: 'usage.db', table: 'event_rows', hows: ['alter'], where: 'leaks IS NOT NULL', only: ['leaks'] },
  { file: 'gatez.db', table: 'invoices', but: ['id'], double: ANOTHER_INVOICE },
  {
    file: 'gatez.db',
    table: 'invoices',
    hows: ['alter'],
    only: ['content', 'total', 'paid', 'credited', 'state'],
  },
  {
    file: 'gatez.db',
    table: 'invoice_entries',
    only: ['kind', 'amount', 'credit', 'invoice_id'],
    double: { sequence: '(SELECT max(sequence) + 1 FROM invoice_entries)', entry_key: "entry_key || '2'" },
  },
  { file: 'gatez.db', table: 'ingested_events', double: { id: "id || '2'" } },
  { file: 'gatez.db', table: 'ingested_seals', double: { bucket_ms: 'bucket_ms - 900000' } },
  { file: 'gatez.db', table: 'event_batches', double: { first_seq: 'first_seq + 100000' } },
  { file: 'gatez.db', table: 'usage_seals', hows: ['alter'], only: ['meters', 'marks'] },
  { file: 'gatez.db', table: 'usage_seals', double: { epoch: 'epoch + 2' } },
  { file: 'gatez.db', table: 'usage_seals', double: { bucket_ms: 'bucket_ms - 900000 * 25' } },
  { file: 'gatez.db', table: 'watermarks', double: { epoch: 'epoch + 2' } },
  { file: 'gatez.db', table: 'rollup_callers', hows: ['alter', 'delete'] },
  { file: 'gatez.db', table: 'rollup_kinds', hows: ['alter', 'delete'] },
  { file: 'gatez.db', table: 'rollup_tenants', hows: ['alter', 'delete'] },
  { file: 'usage.db', table: 'callers', hows: ['alter', 'delete'] },
  { file: 'usage.db', table: 'kinds', hows: ['alter', 'delete'] },
  { file: 'usage.db', table: 'tenants', hows: ['alter', 'delete'] },
  { file: 'usage.db', table: 'runs', hows: ['alter', 'delete'] },
  { file: 'usage.db', table: 'watermarks', double: { epoch: 'epoch + 2' } },
  { file: 'usage.db', table: 'events_of_tenant', double: { tenant_no: '1 + tenant_no % 5' } },
  { file: 'spool.db', table: 'batches', hows: ['alter'] },
  {
    file: 'spool.db',
    table: 'batches',
    // What was shipped may go: that is what the spool does with it.
    where: 'batch_id > (SELECT min(batch_id) FROM batches)',
    double: {
      batch_id: '(SELECT max(batch_id) + 1 FROM batches)',
      first_seq: '(SELECT max(first_seq + count) FROM batches)',
    },
  },
]

function mutate(dataDir: string, random: Random, number: number): Mutation {
  const place = PLACES[number % PLACES.length]!
  const {
    file,
    table,
    hows = ['alter', 'delete', 'double'],
    where = 'true',
    only,
    but = [],
    double = {},
  } = place
  const database = new Database(join(dataDir, file))
  try {
    database.pragma('foreign_keys = OFF')
    dropTriggers(database, table)
    const how = hows[random(hows.length)]!
    const columns = database
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
      .pluck()
      .all(table)
    const count = database.prepare<[], number>(`SELECT count(*) FROM ${table} WHERE ${where}`).pluck().get()!
    const row = database
      .prepare<[number], Row>(`SELECT * FROM ${table} WHERE ${where} LIMIT 1 OFFSET ?`)
      .get(random(count))!
    const key = keyOf(database, table)
    const same = key.map((column) => `${column} = @${column}`).join(' AND ')
    let event = table === 'event_rows' ? eventOf(row) : undefined
    let detail = ''
    if (how === 'delete') database.prepare(`DELETE FROM ${table} WHERE ${same}`).run(row)
    else if (how === 'double') {
      const values = columns.map((column) => double[column] ?? column).join(', ')
      database
        .prepare(`INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values} FROM ${table} WHERE ${same}`)
        .run(row)
    } else {
      const able = only ?? columns.filter((column) => !but.includes(column))
      const column = able[random(able.length)]!
      const value = otherThan(row[column]!, random, column)
      detail = `${column}: ${JSON.stringify(row[column])} → ${JSON.stringify(value)}`
      const update = database.prepare(`UPDATE ${table} SET ${column} = @value WHERE ${same}`)
      try {
        update.run({ ...row, value })
      } catch {
        // Another row has that number.
        update.run({ ...row, value: Number(value) + 1_000_000 })
      }
      if (event !== undefined && column === 'id') event = { ...event, id: String(value) }
    }
    return { file, table, how, detail, event }
  } finally {
    database.close()
  }
}

/** Whoever edits a store by hand can do that as well. */
function dropTriggers(database: Database.Database, table: string): void {
  const find = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?"
  const names = database.prepare<[string], string>(find).pluck().all(table)
  for (const name of names) database.exec(`DROP TRIGGER ${name}`)
}

type Row = Record<string, string | number | null>

function keyOf(database: Database.Database, table: string): readonly string[] {
  return database
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?) WHERE pk > 0')
    .pluck()
    .all(table)
}

function eventOf(row: Row) {
  const ms = Number(row.timestamp)
  return { id: String(row.id), bucket: new Date(ms - (ms % 900_000)).toISOString() }
}

/** Another value of the same kind, near or far. */
function otherThan(value: string | number | null, random: Random, column: string): string | number {
  if (typeof value === 'number') return value + [1, -1, 1_000][random(3)]!
  if (value === null) return column === 'count' ? 2 : '{"tokens":"1"}'
  if (/^-?\d+(\.\d+)?$/.test(value)) return String(Number(value) + 1)
  if (value === '') return 'x'
  const at = random(value.length)
  const other = value[at] === 'A' ? 'B' : 'A'
  if (/^[{[].*\d/.test(value)) return value.replace(/\d/, (digit) => String((Number(digit) + 1) % 10))
  if (value.startsWith('{')) return value.replace(/[a-z](?=[^a-z]*"[,}])/, 'Z')
  return value.slice(0, at) + other + value.slice(at + 1)
}

function removeIfThere(path: string): void {
  rmSync(path, { force: true })
}

type Random = (bound: number) => number

/** The same numbers in every run, each below the bound asked for. */
function randomNumbers(seed: number): Random {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
