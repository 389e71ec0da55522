import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import { NumberCache } from './number-cache.ts'

/**
 * The numbers under which the usage log keeps what many events share. Used inside a write transaction.
 *
 * A name that is new is added. Forget all when the transaction fails: a number that was rolled back may
 * be given to another name.
 */
export class UsageLogNames {
  readonly #callers = new NumberCache<CallerName, CallerName & { readonly no: number }>({
    capacity: NAMES_MAX,
    field: ({ keyId }) => keyId,
    same: sameCaller,
  })
  readonly #kinds = new NumberCache<KindName, KindName & { readonly no: number }>({
    capacity: NAMES_MAX,
    field: ({ routeId }) => routeId,
    same: sameKind,
  })
  readonly #runs = new NumberCache<RunName, RunName & { readonly no: number }>({
    capacity: NAMES_MAX,
    field: ({ nodeId }) => nodeId,
    same: (left, right) => left.epoch === right.epoch && left.nodeId === right.nodeId,
  })
  readonly #tenantTable: NumberingTable
  readonly #callerTable: NumberingTable
  readonly #kindTable: NumberingTable
  readonly #runTable: NumberingTable

  constructor(database: Database.Database) {
    this.#tenantTable = new NumberingTable(database, 'tenants', 'tenant_no', ['tenant_id'])
    this.#callerTable = new NumberingTable(database, 'callers', 'caller_no', CALLER_COLUMNS)
    this.#kindTable = new NumberingTable(database, 'kinds', 'kind_no', KIND_COLUMNS)
    this.#runTable = new NumberingTable(database, 'runs', 'run_no', ['node_id', 'epoch'])
  }

  /** The number of who called. */
  caller(event: UsageEvent): number {
    const known = this.#callers.find(event)
    if (known !== undefined) return known.no
    const { tenantId, keyId, planId, planVersion, subscriptionId, source } = event
    const tenantNo = this.#tenantTable.numberOf([tenantId])
    const no = this.#callerTable.numberOf([keyId, tenantNo, planId, planVersion, subscriptionId, source])
    this.#callers.add({ tenantId, keyId, planId, planVersion, subscriptionId, source, no })
    return no
  }

  /** The number of where the call went and how it ended. */
  kind(event: UsageEvent): number {
    const known = this.#kinds.find(event)
    if (known !== undefined) return known.no
    const { apiId, routeId, method, statusCode, outcome, refusal, billable } = event
    const no = this.#kindTable.numberOf([
      routeId,
      apiId,
      method,
      statusCode,
      outcome,
      refusal,
      billable ? 1 : 0,
    ])
    this.#kinds.add({ apiId, routeId, method, statusCode, outcome, refusal, billable, no })
    return no
  }

  /** The number of the run of a node that the event comes from. */
  run(event: UsageEvent): number {
    const known = this.#runs.find(event)
    if (known !== undefined) return known.no
    const { nodeId, epoch } = event
    const no = this.#runTable.numberOf([nodeId, epoch])
    this.#runs.add({ nodeId, epoch, no })
    return no
  }

  forget(): void {
    this.#callers.clear()
    this.#kinds.clear()
    this.#runs.clear()
  }
}

type CallerName = Pick<
  UsageEvent,
  'tenantId' | 'keyId' | 'planId' | 'planVersion' | 'subscriptionId' | 'source'
>

type KindName = Pick<
  UsageEvent,
  'apiId' | 'routeId' | 'method' | 'statusCode' | 'outcome' | 'refusal' | 'billable'
>

type RunName = Pick<UsageEvent, 'nodeId' | 'epoch'>

/** Some 200 bytes each. */
const NAMES_MAX = 65_536

const CALLER_COLUMNS = ['key_id', 'tenant_no', 'plan_id', 'plan_version', 'subscription_id', 'source']
const KIND_COLUMNS = ['route_id', 'api_id', 'method', 'status_code', 'outcome', 'refusal', 'billable']

function sameCaller(left: CallerName, right: CallerName): boolean {
  return (
    left.tenantId === right.tenantId &&
    left.keyId === right.keyId &&
    left.planId === right.planId &&
    left.planVersion === right.planVersion &&
    left.subscriptionId === right.subscriptionId &&
    left.source === right.source
  )
}

function sameKind(left: KindName, right: KindName): boolean {
  return (
    left.statusCode === right.statusCode &&
    left.routeId === right.routeId &&
    left.method === right.method &&
    left.outcome === right.outcome &&
    left.billable === right.billable &&
    left.refusal === right.refusal &&
    left.apiId === right.apiId
  )
}

/** A table of the names of one sort. Only one connection writes at a time, so none can come in between. */
class NumberingTable {
  readonly #find: Database.Statement<(string | number)[], number>
  readonly #insert: Database.Statement<(string | number)[]>

  constructor(database: Database.Database, table: string, number: string, columns: readonly string[]) {
    const same = columns.map((column) => `${column} = ?`).join(' AND ')
    const blanks = columns.map(() => '?').join(', ')
    this.#find = database
      .prepare<(string | number)[], number>(`SELECT ${number} FROM ${table} WHERE ${same}`)
      .pluck()
    this.#insert = database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${blanks})`)
  }

  numberOf(values: (string | number)[]): number {
    return this.#find.get(...values) ?? Number(this.#insert.run(...values).lastInsertRowid)
  }
}
