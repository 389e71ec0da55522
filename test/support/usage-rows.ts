import Database from 'better-sqlite3'
import type { EventRow } from '../../src/storage/sql/usage-log-schema.ts'
import type { Project } from './project.ts'

/** The raw events of a project, as the usage log has them, in the order of their ids. */
export function usageRows(project: Project): EventRow[] {
  const database = new Database(project.path('.gatez/usage.db'), { readonly: true })
  try {
    return database.prepare<[], EventRow>('SELECT * FROM events ORDER BY id').all()
  } finally {
    database.close()
  }
}
