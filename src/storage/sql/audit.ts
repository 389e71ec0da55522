import type { Kysely } from 'kysely'
import type { AuditEntry, AuditFilter, AuditStore } from '../ports/audit.ts'
import type { AuditRow, ControlSchema } from './schema.ts'

/** Who did what, in SQL; a trigger keeps rows as they are. */
export class SqlAuditStore implements AuditStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(entry: AuditEntry): Promise<void> {
    await this.#db
      .insertInto('audit')
      .values({
        at_ms: entry.atMs,
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: JSON.stringify(entry.detail),
      })
      .execute()
  }

  async list(filter: AuditFilter): Promise<readonly AuditEntry[]> {
    let query = this.#db.selectFrom('audit').selectAll().orderBy('sequence', 'desc')
    if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject)
    if (filter.action !== undefined) query = query.where('action', '=', filter.action)
    if (filter.limit !== undefined) query = query.limit(filter.limit)
    return (await query.execute()).map(toEntry)
  }
}

function toEntry(row: Omit<AuditRow, 'sequence'>): AuditEntry {
  const detail: Readonly<Record<string, unknown>> = JSON.parse(row.detail)
  return { atMs: row.at_ms, actor: row.actor, action: row.action, subject: row.subject, detail }
}
