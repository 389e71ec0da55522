import type Database from 'better-sqlite3'

/**
 * Fills the indexes that the usage log keeps by hand: in large steps, which touch each page once for many
 * events. Inside a transaction of the caller.
 */
export class UsageLogIndexer {
  readonly #readNewest: Database.Statement<[], number>
  readonly #readTenantsThrough: Database.Statement<[], number>
  readonly #moveTenantsThrough: Database.Statement<[number]>
  readonly #indexTenants: Database.Statement<[number]>
  readonly #readLastStep: Database.Statement<[], RequestStep>
  readonly #addStep: Database.Statement<RequestStep>
  readonly #indexRequests: Database.Statement<RequestStep>

  constructor(database: Database.Database) {
    this.#readNewest = database.prepare<[], number>('SELECT max(event_no) FROM event_rows').pluck()
    this.#readTenantsThrough = database.prepare<[], number>('SELECT through FROM tenants_indexed').pluck()
    this.#moveTenantsThrough = database.prepare('UPDATE tenants_indexed SET through = ?')
    this.#indexTenants = database.prepare(INDEX_TENANTS)
    this.#readLastStep = database.prepare(READ_LAST_STEP)
    this.#addStep = database.prepare('INSERT INTO request_steps VALUES (@stepNo, @through)')
    this.#indexRequests = database.prepare(INDEX_REQUESTS)
  }

  /** Whether so many events are in no index yet that a step is worth it. */
  due(): boolean {
    const newest = this.#newest()
    return (
      newest - (this.#readTenantsThrough.get() ?? 0) >= STEP_EVENTS ||
      newest - this.#lastStep().through >= STEP_EVENTS
    )
  }

  /** Brings the events of tenants up to the newest event. */
  indexTenants(): void {
    const newest = this.#newest()
    this.#indexTenants.run(this.#readTenantsThrough.get() ?? 0)
    this.#moveTenantsThrough.run(newest)
  }

  /** Adds one step of request ids: not for a few events, for every look-up asks every step. */
  indexRequests(): void {
    const { stepNo, through } = this.#lastStep()
    const newest = this.#newest()
    if (newest - through < STEP_EVENTS) return
    this.#indexRequests.run({ stepNo: stepNo + 1, through })
    this.#addStep.run({ stepNo: stepNo + 1, through: newest })
  }

  #newest(): number {
    return this.#readNewest.get() ?? 0
  }

  #lastStep(): RequestStep {
    return this.#readLastStep.get() ?? { stepNo: 0, through: 0 }
  }
}

interface RequestStep {
  readonly stepNo: number
  /** The last event of the step. */
  readonly through: number
}

/** Few enough that a step takes some 50 ms, enough that a tenant's page is touched for many events at once. */
const STEP_EVENTS = 32_768

const READ_LAST_STEP = 'SELECT step_no AS stepNo, through FROM request_steps ORDER BY step_no DESC LIMIT 1'

const INDEX_TENANTS = `
  INSERT INTO events_of_tenant (tenant_no, timestamp, event_no)
  SELECT c.tenant_no, e.timestamp, e.event_no
  FROM event_rows AS e CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE e.event_no > ?
  ORDER BY 1, 2, 3`

const INDEX_REQUESTS = `
  INSERT INTO events_of_request (step_no, request_id, event_no)
  SELECT @stepNo, request_id, event_no FROM event_rows
  WHERE event_no > @through AND request_id IS NOT NULL
  ORDER BY 2, 3`
