import type { Clock } from '../lib/clock.ts'
import type { UlidMaker } from '../lib/id.ts'
import { addedUp } from '../metering/roll-up.ts'
import { COUNTED_STATUSES, type Route, statusCounts } from '../model/api.ts'
import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'
import { type Countable, countOnce } from './count-once.ts'
import {
  type FileRun,
  FileTallier,
  type FileTally,
  LINES_AT_ONCE,
  type LineOutcome,
  stoppedAt,
} from './file-tally.ts'
import type { FileItem } from './read-items.ts'
import { type LogEntry, readLogEntry } from './read-log-entry.ts'
import { subscriptionAt, TenantBook } from './tenant-book.ts'

/**
 * Counts the calls of a log that another program wrote: once each, however often the file is imported.
 *
 * An entry with an id of its own is known by it; another by what it says, and by how often the file has said
 * the same before: two equal lines are two calls, the same file again is none. With `dryRun` everything is
 * looked at and nothing is written.
 */
export async function importLog(
  parts: ImportLogParts,
  items: AsyncIterable<FileItem>,
  run: FileRun & { readonly dryRun: boolean; readonly source: string },
): Promise<FileTally> {
  const tallier = new FileTallier()
  const desk = new ImportDesk(parts, run.source)
  let batch: FileItem[] = []
  const take = async (): Promise<void> => {
    const outcomes = await desk.take(batch, run.dryRun)
    for (const [index, { line }] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined && line >= run.fromLine) tallier.add(line, outcome)
    }
    batch = []
    run.onProgress(tallier.tally())
  }
  try {
    for await (const item of items) {
      if (run.signal.aborted) break
      batch.push(item)
      if (batch.length === LINES_AT_ONCE) await take()
    }
    if (batch.length > 0 && !run.signal.aborted) await take()
  } catch (error) {
    throw stoppedAt(error, tallier.tally())
  }
  return tallier.tally()
}

export interface ImportLogParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly ids: UlidMaker
  /** The route a call of this method and endpoint would go to. */
  readonly routeOf: (method: string, endpoint: string) => RouteOfEntry | undefined
}

export interface RouteOfEntry {
  readonly apiId: string
  readonly route: Route
  /** Without query, as events have it. */
  readonly path: string
}

/** Carries what came of a dry run out of the transaction that is rolled back. */
class RolledBack extends Error {
  readonly outcomes: readonly LineOutcome[]

  constructor(outcomes: readonly LineOutcome[]) {
    super('nothing was to be written')
    this.outcomes = outcomes
  }
}

class ImportDesk {
  readonly #parts: ImportLogParts
  readonly #source: string
  readonly #book = new TenantBook()
  readonly #keys = new Map<string, KeyOfEntry | undefined>()
  /** How often the file has said the same. */
  readonly #said = new Map<string, number>()

  constructor(parts: ImportLogParts, source: string) {
    this.#parts = parts
    this.#source = source
  }

  async take(items: readonly FileItem[], dryRun: boolean): Promise<readonly LineOutcome[]> {
    // Before the transaction: one that begins again must not number the lines again.
    const entries = items.map((item) => this.#numbered(item))
    try {
      return await this.#parts.store.transaction(async (tables) => {
        const outcomes = await this.#takeAll(tables, entries)
        if (dryRun) throw new RolledBack(outcomes)
        return outcomes
      })
    } catch (error) {
      if (error instanceof RolledBack) return error.outcomes
      throw error
    }
  }

  #numbered(item: FileItem): NumberedEntry | string {
    const entry = 'fault' in item ? `the line ${item.fault}` : readLogEntry(item.item)
    if (typeof entry === 'string') return entry
    if (entry.id !== undefined) return { ...entry, name: entry.id }
    const times = (this.#said.get(entry.hash) ?? 0) + 1
    this.#said.set(entry.hash, times)
    return { ...entry, name: `log_${entry.hash}_${times}` }
  }

  async #takeAll(
    tables: ControlTables,
    entries: readonly (NumberedEntry | string)[],
  ): Promise<readonly LineOutcome[]> {
    await this.#book.refresh(tables)
    const outcomes: LineOutcome[] = []
    const first = new Map<string, { readonly countable: Countable; readonly index: number }>()
    for (const [index, entry] of entries.entries()) {
      const countable = typeof entry === 'string' ? wrong(entry) : await this.#countable(tables, entry)
      if ('code' in countable) {
        outcomes.push(countable)
        continue
      }
      const name = `${countable.tenantId}\n${countable.id}`
      const before = first.get(name)
      if (before === undefined) first.set(name, { countable, index })
      outcomes.push(before === undefined || before.countable.hash === countable.hash ? 'duplicate' : CONFLICT)
    }
    const firsts = [...first.values()]
    // Calls of a log have no meters of the file.
    const how = { ids: this.#parts.ids, nowMs: this.#parts.clock.nowMs(), aggregationOf: addedUp }
    const counted = await countOnce(
      tables,
      firsts.map(({ countable }) => countable),
      how,
    )
    for (const [at, { index, countable }] of firsts.entries()) {
      const result = counted[at]
      if (result?.isNew === true) outcomes[index] = 'accepted'
      else if (result?.taken.hash !== countable.hash) outcomes[index] = CONFLICT
    }
    return outcomes
  }

  async #countable(
    tables: ControlTables,
    entry: NumberedEntry,
  ): Promise<Countable | Exclude<LineOutcome, string>> {
    const key = entry.keyHash === undefined ? undefined : await this.#keyOf(tables, entry.keyHash)
    const facts = await this.#book.find(tables, entry.customer ?? key?.tenantId ?? '')
    const { tenant } = facts
    if (tenant === undefined) return unknownTenant(entry.customer)
    if (key !== undefined && key.tenantId !== tenant.id)
      return wrong(`api_key is one of tenant ${key.tenantId}, and customer_id names ${tenant.id}`)
    const found = this.#parts.routeOf(entry.method, entry.endpoint)
    if (found === undefined && !entry.endpoint.startsWith('/'))
      return wrong('endpoint must be a path, as /v1/search')
    const subscription = subscriptionAt(facts, entry.timestampMs)
    const refused = REFUSED.includes(entry.statusCode)
    const { statusCode, responseTimeMs, bytesSent, bytesReceived } = entry
    return {
      ...{ tenantId: tenant.id, source: this.#source, id: entry.name, hash: entry.hash },
      ...{ matched: ['calls'], late: false, adjustment: false },
      usage: {
        ...{ timestampMs: entry.timestampMs, tenantId: tenant.id, keyId: key?.keyId ?? '' },
        ...{ apiId: found?.apiId ?? '', routeId: found?.route.id ?? '' },
        planId: subscription?.planId ?? '',
        planVersion: subscription?.planVersion ?? 0,
        subscriptionId: subscription?.id ?? '',
        method: entry.method,
        endpoint: found?.path ?? withoutQuery(entry.endpoint),
        ...{ statusCode, responseTimeMs, bytesSent, bytesReceived },
        outcome: refused ? 'refused' : statusCode >= 500 ? 'upstream_error' : 'ok',
        refusal: '',
        billable: statusCounts(COUNTED_STATUSES, statusCode) && key?.billed !== false,
        usageUnits: refused ? 0 : (entry.usageUnits ?? found?.route.cost ?? 1),
        ...{ quantities: {}, dimensions: {}, clientIp: '', requestId: entry.name },
        ...{ source: 'import', count: 1 },
      },
    }
  }

  async #keyOf(tables: ControlTables, hash: string): Promise<KeyOfEntry | undefined> {
    if (this.#keys.has(hash)) return this.#keys.get(hash)
    const grant = await tables.keys.grantByHash(hash)
    const key =
      grant === undefined
        ? undefined
        : { keyId: grant.keyId, tenantId: grant.tenantId, billed: grant.keyMode === 'live' }
    this.#keys.set(hash, key)
    return key
  }
}

interface NumberedEntry extends LogEntry {
  /** What tells it from all other entries. */
  readonly name: string
}

interface KeyOfEntry {
  readonly keyId: string
  readonly tenantId: string
  readonly billed: boolean
}

/** What a gateway answers instead of calling an upstream. */
const REFUSED: readonly number[] = [401, 403, 429]

const CONFLICT = {
  code: 'idempotency-conflict',
  detail: 'another entry has this id already, and says something else',
} as const

function wrong(detail: string): Exclude<LineOutcome, string> {
  return { code: 'invalid-event', detail }
}

function unknownTenant(customer: string | undefined): Exclude<LineOutcome, string> {
  const detail =
    customer === undefined
      ? 'there is no customer_id, and api_key is none that gatez knows'
      : `there is no tenant ${JSON.stringify(customer)}: create it, then import the file again`
  return { code: 'unknown-tenant', detail }
}

function withoutQuery(endpoint: string): string {
  const mark = endpoint.indexOf('?')
  return mark === -1 ? endpoint : endpoint.slice(0, mark)
}
