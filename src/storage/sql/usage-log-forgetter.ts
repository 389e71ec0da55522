import type Database from 'better-sqlite3'

/**
 * Forgets the oldest events, with what the indexes by hand hold of them. Inside a transaction of the caller.
 *
 * The newest event stays whatever its age: positions are counted on from it.
 */
export class UsageLogForgetter {
  readonly #mark: Database.Statement<[number]>
  readonly #readMark: Database.Statement<[], number>
  readonly #oldest: Database.Statement<[number, number], OldRow>
  readonly #removeEvent: Database.Statement<[number]>
  readonly #removeOfTenant: Database.Statement<[number, number, number]>
  readonly #doneSteps: Database.Statement<[], number>
  readonly #removeStep: Database.Statement<[number]>
  readonly #removeStepRows: Database.Statement<[number]>
  readonly #removeShipments: Database.Statement<[number]>

  constructor(database: Database.Database) {
    this.#mark = database.prepare('UPDATE forgotten SET before = max(before, ?)')
    this.#readMark = database.prepare<[], number>('SELECT before FROM forgotten').pluck()
    this.#oldest = database.prepare(OLDEST)
    this.#removeEvent = database.prepare('DELETE FROM event_rows WHERE event_no = ?')
    this.#removeOfTenant = database.prepare(
      'DELETE FROM events_of_tenant WHERE tenant_no = ? AND timestamp = ? AND event_no = ?',
    )
    this.#doneSteps = database.prepare<[], number>(DONE_STEPS).pluck()
    this.#removeStep = database.prepare('DELETE FROM request_steps WHERE step_no = ?')
    this.#removeStepRows = database.prepare('DELETE FROM events_of_request WHERE step_no = ?')
    this.#removeShipments = database.prepare('DELETE FROM shipments WHERE shipped < ?')
  }

  /** Returns how many it forgot; fewer than `limit` when nothing that old is left. */
  forget(cutMs: number, limit: number): number {
    const rows = this.#oldest.all(cutMs, limit)
    if (rows.length === 0) return 0
    // Before anything goes: from then on nobody may take what is missing for lost.
    this.#mark.run(cutMs)
    for (const { event_no, timestamp, tenant_no } of rows) {
      this.#removeOfTenant.run(tenant_no, timestamp, event_no)
      this.#removeEvent.run(event_no)
    }
    for (const step of this.#doneSteps.all()) {
      this.#removeStepRows.run(step)
      this.#removeStep.run(step)
    }
    this.#removeShipments.run(cutMs)
    return rows.length
  }

  keptSinceMs(): number {
    return this.#readMark.get() ?? 0
  }
}

interface OldRow {
  readonly event_no: number
  readonly timestamp: number
  readonly tenant_no: number
}

const OLDEST = `
  SELECT e.event_no, e.timestamp, c.tenant_no
  FROM event_rows AS e CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE e.timestamp < ? AND e.event_no < (SELECT max(event_no) FROM event_rows)
  ORDER BY e.timestamp LIMIT ?`

// All of its events are gone. The last step says up to where requests are indexed: it stays.
const DONE_STEPS = `
  SELECT step_no FROM request_steps
  WHERE through < (SELECT min(event_no) FROM event_rows)
    AND step_no > 0 AND step_no < (SELECT max(step_no) FROM request_steps)
  LIMIT 1`
