import Database from 'better-sqlite3'
import { spoolFiles } from '../../src/metering/spool-files.ts'
import type { Load, LoadCall } from '../support/load.ts'
import type { Project } from '../support/project.ts'
import { usageRows } from '../support/usage-rows.ts'

/** How what was billed differs from what the clients know. */
export interface BillCheck {
  /** Received to the last byte and not billed: must be none, whatever happened. */
  readonly lost: readonly string[]
  /** Billed, not received, and not in flight when a connection broke either: must be none. */
  readonly invented: readonly string[]
  /** Billed more than once: must be none. */
  readonly twice: readonly string[]
  /** Billed and not received, because the connection broke: unavoidable, and bounded. */
  readonly inFlight: readonly string[]
}

/** Compares sets, not sums: a loss and a double would make up for each other. */
export function checkBill(project: Project, load: Load): BillCheck {
  const rows = usageRows(project).filter((row) => row.billable === 1)
  // A call that takes longer than a second has several events; one of them counts.
  const counting = rows.filter((row) => row.count > 0)
  const billed = new Set(counting.map((row) => row.request_id))
  const over = [...billed].filter((id) => !load.received.has(id))
  return {
    lost: [...load.received.keys()].filter((id) => !billed.has(id)),
    invented: over.filter((id) => !load.broken.has(id)),
    twice: [...repeated(counting.map((row) => row.request_id)), ...repeated(rows.map((row) => row.id))],
    inFlight: over.filter((id) => load.broken.has(id)),
  }
}

/** Holds the month's CSV against the clients' books, tenant by tenant, key by key, route by route. */
export async function exportFaults(
  project: Project,
  load: Load,
  inFlight: readonly string[],
): Promise<string[]> {
  const csv = await project.run('usage', 'export', '--month', '2026-03', '--by', 'tenant,key,route')
  const [head = '', ...lines] = csv.trimEnd().split('\r\n')
  const columns = head.split(',')
  const cell = (line: string, column: string) => line.split(',')[columns.indexOf(column)] ?? ''
  const exported = new Map(
    lines.map((line) => [
      `${cell(line, 'tenant_id')} ${cell(line, 'key_id')} ${cell(line, 'route_id')}`,
      Number(cell(line, 'billable')),
    ]),
  )
  const known = counted([...load.received.values(), ...inFlight.map((id) => load.broken.get(id)!)])
  return [...new Set([...exported.keys(), ...known.keys()])]
    .filter((name) => (exported.get(name) ?? 0) !== (known.get(name) ?? 0))
    .map((name) => `export ${name}: ${exported.get(name) ?? 0}, clients ${known.get(name) ?? 0}`)
}

/** The files of stores that SQLite finds fault with. */
export function damaged(project: Project): string[] {
  const spools = spoolFiles(project.path('.gatez', 'spool.db')).map(({ path }) => path)
  const paths = [project.path('.gatez', 'gatez.db'), project.path('.gatez', 'usage.db'), ...spools]
  return paths.filter((path) => {
    const database = new Database(path, { readonly: true })
    try {
      return database.pragma('integrity_check', { simple: true }) !== 'ok'
    } finally {
      database.close()
    }
  })
}

/** What the ledger has of billable calls, by tenant. */
export function ledgerSums(project: Project): Map<string, number> {
  const database = new Database(project.path('.gatez', 'gatez.db'), { readonly: true })
  try {
    const rows = database.prepare<[], { tenant: string; calls: number }>(LEDGER_SUMS).all()
    return new Map(rows.map(({ tenant, calls }) => [tenant, calls]))
  } finally {
    database.close()
  }
}

const LEDGER_SUMS = `
  SELECT tenant_id AS tenant, sum(requests) AS calls
  FROM rollups JOIN rollup_tenants USING (tenant_no) JOIN rollup_kinds USING (kind_no)
  WHERE billable = 1 GROUP BY tenant_id`

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>()
  return ids.filter((id) => seen.has(id) || seen.add(id) === undefined)
}

function counted(calls: readonly LoadCall[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { tenantId, keyId, routeId } of calls) {
    const name = `${tenantId} ${keyId} ${routeId}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
