import { join } from 'node:path'
import Database from 'better-sqlite3'

/** One row of one store that someone changed, removed or doubled. */
export interface Mutation {
  readonly file: StoreFile
  readonly table: string
  readonly how: 'alter' | 'delete' | 'double'
  /** Which column, from what to what; empty unless altered. */
  readonly detail: string
  /** Of an event: its bucket, and the id by which it can be found now. */
  readonly event: { readonly id: string; readonly bucket: string } | undefined
  /** The moment that the row is about; undefined where it has none. */
  readonly atMs: number | undefined
}

type StoreFile = 'usage.db' | 'gatez.db' | 'spool.db'

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
  { file: 'gatez.db', table: 'rollups', double: { bucket_ms: bucketBefore('rollups') } },
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
  { file: 'gatez.db', table: 'ingested_seals', double: { bucket_ms: bucketBefore('ingested_seals') } },
  { file: 'gatez.db', table: 'event_batches', double: { first_seq: 'first_seq + 100000' } },
  { file: 'gatez.db', table: 'usage_seals', hows: ['alter'], only: ['meters', 'marks'] },
  { file: 'gatez.db', table: 'usage_seals', double: { epoch: 'epoch + 2' } },
  { file: 'gatez.db', table: 'usage_seals', double: { bucket_ms: bucketBefore('usage_seals') } },
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

/** The bucket before the first that a table has: nothing is there. */
function bucketBefore(table: string): string {
  return `(SELECT min(bucket_ms) FROM ${table}) - 900000`
}

/** Changes, removes or doubles one row of the stores in a folder: the same one for the same numbers. */
export function mutate(dataDir: string, random: Random, number: number): Mutation {
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
    const moment = row.bucket_ms ?? row.timestamp
    const isElsewhere = how === 'double' && double.bucket_ms !== undefined
    const atMs = typeof moment === 'number' && !isElsewhere ? moment : undefined
    return { file, table, how, detail, event, atMs }
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

export type Random = (bound: number) => number
