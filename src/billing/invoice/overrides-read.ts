import type { Overrides } from '../../model/overrides.ts'
import type { TenantStore } from '../../storage/ports/tenants.ts'

/** What tenants have beside their plans, each asked for once. */
export class OverridesRead {
  readonly #tenants: TenantStore
  readonly #read = new Map<string, Promise<Overrides | null>>()
  #overridden: ReadonlySet<string> = new Set()

  constructor(tenants: TenantStore) {
    this.#tenants = tenants
  }

  /** Learns which tenants have anything at all: few, so most are never asked for. */
  async open(): Promise<void> {
    this.#overridden = await this.#tenants.overridden()
  }

  /** What a tenant had of its own at a moment; null for nothing. */
  overridesAt(id: string, atMs: number): Promise<Overrides | null> {
    const name = `${atMs} ${id}`
    const known = this.#read.get(name)
    if (known !== undefined) return known
    if (!this.#overridden.has(id)) return NOTHING
    const read = this.#tenants.overridesAt(id, atMs)
    this.#read.set(name, read)
    return read
  }
}

const NOTHING = Promise.resolve(null)
