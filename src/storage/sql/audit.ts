import type { Kysely } from 'kysely'
import { chainHash } from '../../lib/audit-chain.ts'
import type { AuditEntry, AuditFilter, AuditRecord, AuditStore, ChainCheck } from '../ports/audit.ts'
import type { SqlEngine } from './engine.ts'
import type { AuditRow, ControlSchema } from './schema.ts'

const PAGE_ROWS = 1_000

/** Who did what, in SQL; a trigger keeps rows as they are, and each holds the hash of the one before. */
export class SqlAuditStore implements AuditStore {
  readonly #db: Kysely<ControlSchema>
  readonly #locksRows: boolean

  constructor(db: Kysely<ControlSchema>, engine: SqlEngine) {
    this.#db = db
    this.#locksRows = engine.locksRows
  }

  async insert(entry: AuditEntry): Promise<void> {
    if (this.#db.isTransaction) await insertChained(this.#db, entry, this.#locksRows)
    else await this.#db.transaction().execute((tables) => insertChained(tables, entry, this.#locksRows))
  }

  async list(filter: AuditFilter): Promise<readonly AuditEntry[]> {
    return (await this.records(filter)).map(({ sequence: _, hash: __, ...entry }) => entry)
  }

  async records({ subject, subjects, action, limit, before }: AuditFilter): Promise<readonly AuditRecord[]> {
    let query = this.#db.selectFrom('audit').selectAll().orderBy('sequence', 'desc')
    if (subject !== undefined) query = query.where('subject', '=', subject)
    if (subjects !== undefined) query = query.where('subject', 'in', subjects)
    if (action !== undefined) query = query.where('action', '=', action)
    if (before !== undefined) query = query.where('sequence', '<', before)
    if (limit !== undefined) query = query.limit(limit)
    return (await query.execute()).map(toRecord)
  }

  async checkChain(): Promise<ChainCheck> {
    let [last, before, entries, unchained] = [0, '', 0, 0]
    for (;;) {
      const rows = await this.#db
        .selectFrom('audit')
        .selectAll()
        .where('sequence', '>', last)
        .orderBy('sequence')
        .limit(PAGE_ROWS)
        .execute()
      for (const row of rows) {
        last = row.sequence
        entries += 1
        if (row.hash === '' && before === '') {
          unchained += 1
          continue
        }
        if (chainHash(before, chained(row)) !== row.hash) {
          return { entries, unchained, head: before, brokenAt: row.sequence }
        }
        before = row.hash
      }
      if (rows.length < PAGE_ROWS) break
    }
    const head = await this.#db.selectFrom('audit_head').select('hash').executeTakeFirst()
    return { entries, unchained, head: before, brokenAt: head?.hash === before ? null : last + 1 }
  }
}

async function insertChained(
  db: Kysely<ControlSchema>,
  entry: AuditEntry,
  locksRows: boolean,
): Promise<void> {
  const query = db.selectFrom('audit_head').select('hash').where('id', '=', 1)
  const { hash: before } = await (locksRows ? query.forUpdate() : query).executeTakeFirstOrThrow()
  const detail = JSON.stringify(entry.detail)
  const { atMs, actor, action, subject } = entry
  const hash = chainHash(before, { atMs, actor, action, subject, detail })
  await db.insertInto('audit').values({ at_ms: atMs, actor, action, subject, detail, hash }).execute()
  await db.updateTable('audit_head').set({ hash }).where('id', '=', 1).execute()
}

function chained({ at_ms: atMs, actor, action, subject, detail }: Stored) {
  return { atMs, actor, action, subject, detail }
}

function toRecord(row: Stored): AuditRecord {
  const detail: Readonly<Record<string, unknown>> = JSON.parse(row.detail)
  return { ...chained(row), detail, sequence: row.sequence, hash: row.hash }
}

type Stored = Omit<AuditRow, 'sequence'> & { readonly sequence: number }
