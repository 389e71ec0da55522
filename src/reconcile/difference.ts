/** Where two stores, or a store and what is known of it, do not say the same; the names are stable. */
export interface Difference {
  /** The store that is not as it was written, as far as can be told. */
  readonly store: 'usage_log' | 'ledger' | 'spool' | 'report' | 'export' | 'quota' | 'invoice'
  /** One sentence: what differs, and by how much. */
  readonly what: string
  /** Start of the bucket, ISO 8601. */
  readonly bucket: string | null
  readonly tenant_id: string | null
  readonly node_id: string | null
  readonly epoch: number | null
  /** Ids of the events it is about, as far as they can be told; the first few. */
  readonly events: readonly string[]
  /** Positions of events that are gone; the first few. */
  readonly missing_seqs: readonly number[]
}

/** A difference, with what is not known of it left out. */
export function difference(
  store: Difference['store'],
  what: string,
  where: Partial<Omit<Difference, 'store' | 'what'>> = {},
): Difference {
  const nowhere = { bucket: null, tenant_id: null, node_id: null, epoch: null, events: [], missing_seqs: [] }
  return { store, what, ...nowhere, ...where }
}

/** How many ids or positions a difference names. */
export const NAMED_MAX = 20

/** More differences than these are counted, not kept. */
const KEPT_MAX = 1_000

/** Gathers differences; of very many it keeps the first, and counts all. */
export class Differences {
  readonly #kept: Difference[] = []
  #count = 0

  get kept(): readonly Difference[] {
    return this.#kept
  }

  get count(): number {
    return this.#count
  }

  add(...found: readonly Difference[]): void {
    this.#count += found.length
    this.#kept.push(...found.slice(0, Math.max(0, KEPT_MAX - this.#kept.length)))
  }
}
