import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { openControlStore } from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { Project } from './project.ts'
import { serverBinaries } from './services/postgres.ts'

/** The control store of a project, wherever it is. Closed when the test is over. */
export async function storeOf(project: Project, clock: Clock): Promise<ControlStore> {
  const store = await openControlStore(loadConfig(project.path('gatez.yaml'), {}), clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

/** What an operator does by hand, with no gatez in between: the first column of each row that comes back. */
export function bySql(project: Project, sql: string): readonly string[] {
  if (project.stores !== undefined) {
    const args = ['-v', 'ON_ERROR_STOP=1', '-q', '-At', '-c', sql, project.stores.control]
    const text = execFileSync(join(serverBinaries(), 'psql'), args, { encoding: 'utf8' })
    return text.split('\n').filter((line) => line !== '')
  }
  const database = new Database(project.path('.gatez/gatez.db'))
  try {
    const statement = database.prepare<[], string>(sql)
    if (statement.reader) return statement.pluck().all().map(String)
    statement.run()
    return []
  } finally {
    database.close()
  }
}
