import { joinMarks, type Mark, markName } from '../model/mark.ts'
import { BUILT_IN_METERS, type BuiltInMeter } from '../model/meter.ts'
import type { Period } from '../model/period.ts'
import { formatQuantity, quantityFemtos } from '../model/quantity.ts'
import type { Level, Rollup } from '../storage/ports/ledger.ts'
import { meterValue } from './meter-value.ts'

/**
 * What a row of a report adds up to.
 *
 * `requests` and `refused` count all requests; units, bytes and quantities cover the billable ones.
 */
export interface UsageTotals {
  readonly requests: number
  readonly billable: number
  readonly refused: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly durationMs: number
  /** Meters: id → decimal string, in the order of the ids; custom ones, unless others were asked for. */
  readonly quantities: Readonly<Record<string, string>>
  /** Values that should have become quantities and could not. */
  readonly leaks: string
}

/** The quantity of a built-in meter, as a decimal string. */
function builtInQuantity(meter: BuiltInMeter, totals: Omit<UsageTotals, 'quantities' | 'leaks'>): string {
  switch (meter) {
    case 'calls':
      return String(totals.billable)
    case 'units':
      return String(totals.usageUnits)
    case 'bytes_in':
      return String(totals.bytesReceived)
    case 'bytes_out':
      return String(totals.bytesSent)
    case 'bandwidth':
      return String(BigInt(totals.bytesReceived) + BigInt(totals.bytesSent))
    case 'duration_ms':
      return String(totals.durationMs)
  }
}

/**
 * Adds up rollups, exactly.
 *
 * What cannot be added up becomes one number for each tenant, as on its bill, and those are added.
 */
export class UsageSums {
  #requests = 0
  #billable = 0
  #refused = 0
  #usageUnits = 0
  #bytesReceived = 0
  #bytesSent = 0
  #durationMs = 0
  #leaks = 0n
  /** Custom meters; made when there are any: reports hold a hundred thousand of these. */
  #femtos: Map<string, bigint> | undefined
  /** Meter → tenant → name of the mark → mark. */
  #marks: Map<string, Map<string, Map<string, Mark>>> | undefined

  add(rollup: Rollup): void {
    this.#requests += rollup.requests
    this.#refused += rollup.refused
    for (const mark of rollup.marks) this.#addMark(rollup, mark)
    if (!rollup.billable) return
    this.#billable += rollup.requests
    this.#usageUnits += rollup.usageUnits
    this.#bytesReceived += rollup.bytesReceived
    this.#bytesSent += rollup.bytesSent
    this.#durationMs += rollup.durationMs
    for (const [meterId, quantity] of Object.entries(rollup.quantities)) {
      this.#femtos ??= new Map()
      this.#femtos.set(meterId, (this.#femtos.get(meterId) ?? 0n) + quantityFemtos(quantity))
    }
  }

  /** A level from before the span: it holds until the first one in it. */
  addLevel({ billable, tenantId, mark }: TenantLevel): void {
    if (billable) this.#keep(tenantId, mark)
  }

  /** The last level of each meter and tenant. */
  lastLevels(): readonly TenantLevel[] {
    const last = new Map<string, TenantLevel>()
    for (const tenants of this.#marks?.values() ?? []) {
      for (const [tenantId, marks] of tenants) {
        for (const mark of marks.values()) {
          if (mark.aggregation !== 'time-weighted') continue
          const name = `${tenantId}\t${mark.meterId}`
          if (mark.atMs >= (last.get(name)?.mark.atMs ?? 0))
            last.set(name, { billable: true, tenantId, mark })
        }
      }
    }
    return [...last.values()]
  }

  /** The sums over `span`; `meters` are those that stand in `quantities`: all custom ones if not given. */
  totals(span: Period, meters?: readonly string[]): UsageTotals {
    const sums = {
      requests: this.#requests,
      billable: this.#billable,
      refused: this.#refused,
      usageUnits: this.#usageUnits,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      durationMs: this.#durationMs,
    }
    const custom = [...new Set([...(this.#femtos?.keys() ?? []), ...(this.#marks?.keys() ?? [])])].sort()
    const quantities = (meters ?? custom).map((id) => {
      const builtIn = BUILT_IN_METERS.find((each) => each === id)
      return [id, builtIn === undefined ? this.#quantity(id, span) : builtInQuantity(builtIn, sums)]
    })
    return { ...sums, quantities: Object.fromEntries(quantities), leaks: String(this.#leaks) }
  }

  #quantity(meterId: string, span: Period): string {
    let femtos = this.#femtos?.get(meterId) ?? 0n
    for (const marks of this.#marks?.get(meterId)?.values() ?? [])
      femtos += meterValue([...marks.values()], span)
    return formatQuantity(femtos)
  }

  #addMark(rollup: Rollup, mark: Mark): void {
    if (mark.aggregation === 'leak') this.#leaks += BigInt(mark.quantity)
    else if (rollup.billable) this.#keep(rollup.tenantId, mark)
  }

  #keep(tenantId: string, mark: Mark): void {
    this.#marks ??= new Map()
    const tenants = this.#marks.get(mark.meterId) ?? new Map<string, Map<string, Mark>>()
    this.#marks.set(mark.meterId, tenants)
    const marks = tenants.get(tenantId) ?? new Map<string, Mark>()
    tenants.set(tenantId, marks)
    const name = markName(mark)
    const before = marks.get(name)
    marks.set(name, before === undefined ? mark : joinMarks(before, mark))
  }
}

/** What of a level sums need to know. */
export type TenantLevel = Pick<Level, 'billable' | 'tenantId' | 'mark'>
