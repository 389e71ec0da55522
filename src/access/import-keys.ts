import { GatezError } from '../errors/gatez-error.ts'
import { prefixedId } from '../lib/id.ts'
import type { Key } from '../model/key.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { planOf } from './key-rules.ts'
import { type KeyView, viewKey } from './key-view.ts'
import { type ImportProblem, type ImportRow, readImport } from './read-import.ts'

/**
 * Takes over the keys of another system, from a CSV: they keep working as they are, in `x-api-key`.
 *
 * All of them or none: everything that is wrong is told at once, by line, and no value is repeated. Only
 * SHA-256 hashes are kept. Imported keys are live ones and count against `keys.max` like any other.
 */
export async function importKeys(
  { store, clock }: Access,
  { text, actor, dryRun = false }: ImportKeysRequest,
): Promise<ImportedKeys> {
  const nowMs = clock.nowMs()
  const file = readImport(text, nowMs)

  const run = async (tables: ControlTables): Promise<ImportedKeys> => {
    const desk = new ImportDesk(tables, nowMs)
    const keys: Key[] = []
    const problems: ImportProblem[] = [...file.problems]
    for (const row of file.rows) {
      const key = await desk.keyOf(row, actor)
      if ('what' in key) problems.push(key)
      else keys.push(key)
    }
    if (problems.length > 0) throw problemsError(problems)
    if (!dryRun) for (const key of keys) await desk.write(key, actor)
    return { imported: keys.length, dry_run: dryRun, keys: keys.map((key) => viewKey(key, nowMs)) }
  }
  return dryRun ? run(store) : store.transaction(run)
}

export interface ImportKeysRequest extends Signed {
  /** The file. */
  readonly text: string
  /** Only checks; nothing is written. */
  readonly dryRun?: boolean
}

export interface ImportedKeys {
  readonly imported: number
  readonly dry_run: boolean
  readonly keys: readonly KeyView[]
}

/** Checks rows against the store, with every tenant looked up, locked and counted once. */
class ImportDesk {
  readonly #tables: ControlTables
  readonly #nowMs: number
  readonly #tenants = new Map<string, ImportTenant | string>()
  /** Keys this file adds, by tenant. */
  readonly #added = new Map<string, number>()

  constructor(tables: ControlTables, nowMs: number) {
    this.#tables = tables
    this.#nowMs = nowMs
  }

  /** The key a row becomes, or its problem. */
  async keyOf(row: ImportRow, actor: string): Promise<Key | ImportProblem> {
    const { line } = row
    const found = await this.#tenantOf(row.tenant)
    if (typeof found === 'string') return { line, what: found }
    if (await this.#tables.keys.hasHash(row.hash)) return { line, what: 'gatez has this key already' }
    const { tenant, room } = found
    const added = (this.#added.get(tenant.id) ?? 0) + 1
    this.#added.set(tenant.id, added)
    if (added > room)
      return { line, what: `the plan of tenant ${tenant.id} has no room for it: keys.max is reached` }
    return keyFrom(row, tenant, actor, this.#nowMs)
  }

  async write(key: Key, actor: string): Promise<void> {
    await this.#tables.keys.insert(key)
    await record(this.#tables, {
      atMs: this.#nowMs,
      actor,
      action: 'key.imported',
      subject: `key:${key.id}`,
      detail: { tenant_id: key.tenantId, name: key.name, masked: key.masked },
    })
  }

  async #tenantOf(name: string): Promise<ImportTenant | string> {
    const known = this.#tenants.get(name) ?? (await this.#look(name))
    this.#tenants.set(name, known)
    return known
  }

  async #look(name: string): Promise<ImportTenant | string> {
    const tenant = await this.#tables.tenants.find(name)
    if (tenant === undefined || tenant.state === 'deleted') {
      const shown = /^[a-z0-9_-]{1,15}$/.test(name) ? ` ${name}` : ''
      return `there is no tenant${shown}: gatez tenants create makes it`
    }
    await this.#tables.tenants.lock(tenant.id)
    try {
      const plan = await planOf(this.#tables, tenant, this.#nowMs)
      const held = await this.#tables.keys.countHeld(tenant.id)
      const room = plan.keys.max === null ? Number.POSITIVE_INFINITY : Math.max(0, plan.keys.max - held)
      return { tenant, room }
    } catch (error) {
      if (error instanceof GatezError && error.code === 'no-plan') return error.message
      throw error
    }
  }
}

interface ImportTenant {
  readonly tenant: Tenant
  /** Keys its plan has room for. */
  readonly room: number
}

function keyFrom(row: ImportRow, tenant: Tenant, actor: string, nowMs: number): Key {
  return {
    id: prefixedId('key'),
    tenantId: tenant.id,
    name: row.name,
    mode: 'live',
    state: 'active',
    hash: row.hash,
    masked: row.masked,
    reason: null,
    requestedBy: actor,
    decidedBy: actor,
    decisionReason: null,
    createdAtMs: nowMs,
    decidedAtMs: nowMs,
    revealedAtMs: null,
    revokedAtMs: null,
    expiresAtMs: row.expiresAtMs,
    replacedById: null,
    routes: null,
    ips: null,
  }
}

const PROBLEMS_SHOWN = 100

function problemsError(problems: readonly ImportProblem[]): GatezError {
  const sorted = problems.toSorted((one, other) => one.line - other.line)
  const lines = sorted.slice(0, PROBLEMS_SHOWN).map(({ line, what }) => `  line ${line}: ${what}`)
  const rest = sorted.length - lines.length
  const more = rest > 0 ? [`  … and ${rest} more`] : []
  const count = `${sorted.length} ${sorted.length === 1 ? 'problem' : 'problems'}`
  const detail = [`${count}; nothing was imported`, ...lines, ...more].join('\n')
  return new GatezError('invalid-import', detail, { extra: { problems: sorted } })
}
