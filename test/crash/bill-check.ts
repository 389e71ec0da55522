import Database from 'better-sqlite3'
import { expect } from 'vitest'
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
  const billed = usageRows(project)
    .filter((row) => row.billable === 1)
    .map((row) => row.request_id)
  const ids = new Set(billed)
  const over = [...ids].filter((id) => !load.received.has(id))
  return {
    lost: [...load.received.keys()].filter((id) => !ids.has(id)),
    invented: over.filter((id) => !load.broken.has(id)),
    twice: billed.filter((id, index) => billed.indexOf(id) !== index),
    inFlight: over.filter((id) => load.broken.has(id)),
  }
}

/** Holds the month's CSV against the clients' books, tenant by tenant, key by key, route by route. */
export async function expectExport(project: Project, load: Load, inFlight: readonly string[]): Promise<void> {
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
  const known = [...load.received.values(), ...inFlight.map((id) => load.broken.get(id)!)]
  expect(exported).toEqual(counted(known))
}

/** The stores that SQLite finds fault with. */
export function damaged(project: Project): string[] {
  return ['gatez.db', 'usage.db', 'spool.db'].filter((name) => {
    const database = new Database(project.path('.gatez', name), { readonly: true })
    const verdict = database.pragma('integrity_check', { simple: true })
    database.close()
    return verdict !== 'ok'
  })
}

function counted(calls: readonly LoadCall[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { tenantId, keyId, routeId } of calls) {
    const name = `${tenantId} ${keyId} ${routeId}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
