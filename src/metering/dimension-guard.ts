import { LruCache } from '../lib/lru-cache.ts'
import { type Dimension, NO_DIMENSIONS, OTHER_VALUES } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import type { LedgerStore } from '../storage/ports/ledger.ts'

/** Tenants whose values are kept in memory; of others they are read again. */
const TENANTS_MAX = 1_000
/** For a dimension that the file does not declare any more. */
const VALUES_MAX = 1_000

/**
 * Bounds how many values a dimension may have for one tenant: each may multiply the rows of the ledger.
 *
 * What the ledger holds passes, new values pass up to the bound, the rest become one. The ledger and the
 * usage log get the same events, and after a crash the same again: what was let through before is in the
 * ledger by then, or is met in the same order.
 */
export class DimensionGuard {
  readonly #ledger: Pick<LedgerStore, 'dimensionValues'>
  readonly #known = new LruCache<string, Map<string, Set<string>>>(TENANTS_MAX)
  #dimensions: readonly Dimension[]

  constructor(ledger: Pick<LedgerStore, 'dimensionValues'>, dimensions: readonly Dimension[]) {
    this.#ledger = ledger
    this.#dimensions = dimensions
  }

  replaceDimensions(dimensions: readonly Dimension[]): void {
    this.#dimensions = dimensions
  }

  /** The events with their dimensions bounded; those without any as they are. */
  async bounded(events: readonly UsageEvent[]): Promise<readonly UsageEvent[]> {
    if (events.every(hasNone)) return events
    const bounded: UsageEvent[] = []
    for (const event of events) bounded.push(hasNone(event) ? event : await this.#bound(event))
    return bounded
  }

  async #bound(event: UsageEvent): Promise<UsageEvent> {
    const known = await this.#valuesOf(event.tenantId)
    const dimensions: Record<string, string> = {}
    for (const [id, value] of Object.entries(event.dimensions)) {
      const values = known.get(id) ?? new Set<string>()
      known.set(id, values)
      // What begins with ( is ours.
      const isOurs = value.startsWith('(')
      const hasRoom = isOurs || values.has(value) || values.size < this.#maxOf(id)
      dimensions[id] = hasRoom ? value : OTHER_VALUES
      if (hasRoom && !isOurs) values.add(value)
    }
    return { ...event, dimensions }
  }

  async #valuesOf(tenantId: string): Promise<Map<string, Set<string>>> {
    const known = this.#known.get(tenantId)
    if (known !== undefined) return known
    const read = new Map<string, Set<string>>()
    for (const [id, values] of await this.#ledger.dimensionValues(tenantId)) {
      read.set(id, new Set([...values].filter((value) => !value.startsWith('('))))
    }
    this.#known.set(tenantId, read)
    return read
  }

  #maxOf(id: string): number {
    return this.#dimensions.find((dimension) => dimension.id === id)?.maxValues ?? VALUES_MAX
  }
}

function hasNone({ dimensions }: UsageEvent): boolean {
  if (dimensions === NO_DIMENSIONS) return true
  for (const _ in dimensions) return false
  return true
}
