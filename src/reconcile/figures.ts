import type { UsageTotals } from '../metering/usage-sums.ts'
import type { Mark } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { formatQuantity, QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import type { InvoicedFigures } from './invoiced-figures.ts'
import { MeterTally } from './meter-tally.ts'
import type { Counted } from './recount.ts'

/**
 * Figures of a span by tenant and meter, exactly: in femtos, so that calls and decimals are added alike, and what
 * cannot be added up is made one number for each tenant.
 */
export class Figures {
  readonly #span: Period
  readonly #byTenant = new Map<string, Map<string, MeterTally>>()

  constructor(span: Period) {
    this.#span = span
  }

  addNumber(tenantId: string, meter: string, value: number): void {
    if (value !== 0) this.#tally(tenantId, meter).add(BigInt(value) * ONE)
  }

  addText(tenantId: string, meter: string, decimal: string): void {
    const femtos = quantityFemtos(decimal)
    if (femtos !== 0n) this.#tally(tenantId, meter).add(femtos)
  }

  /** A level from before the span: it holds until the next one. */
  addLevel(tenantId: string, level: Mark): void {
    this.#tally(tenantId, customMeter(level.meterId)).takeMark(level)
  }

  /** What was counted of the events of one rollup. */
  addCounted(counted: Counted): void {
    const { tenantId } = counted
    this.addNumber(tenantId, 'requests', counted.requests)
    this.addNumber(tenantId, 'refused', counted.refused)
    if (!counted.billable) return
    this.addNumber(tenantId, 'calls', counted.requests)
    this.addNumber(tenantId, 'units', counted.units)
    this.addNumber(tenantId, 'bytes_in', counted.bytesIn)
    this.addNumber(tenantId, 'bytes_out', counted.bytesOut)
    for (const [meterId, tally] of counted.meters) {
      this.#tally(tenantId, customMeter(meterId)).takeAll(tally)
    }
  }

  addRollup(rollup: Rollup): void {
    const { tenantId } = rollup
    this.addNumber(tenantId, 'requests', rollup.requests)
    this.addNumber(tenantId, 'refused', rollup.refused)
    if (!rollup.billable) return
    this.addNumber(tenantId, 'calls', rollup.requests)
    this.addNumber(tenantId, 'units', rollup.usageUnits)
    this.addNumber(tenantId, 'bytes_in', rollup.bytesReceived)
    this.addNumber(tenantId, 'bytes_out', rollup.bytesSent)
    for (const [meterId, quantity] of Object.entries(rollup.quantities)) {
      this.addText(tenantId, customMeter(meterId), quantity)
    }
    for (const mark of rollup.marks) this.#tally(tenantId, customMeter(mark.meterId)).takeMark(mark)
  }

  /** The totals of a row of the usage report. */
  addTotals(tenantId: string, totals: UsageTotals): void {
    this.addNumber(tenantId, 'requests', totals.requests)
    this.addNumber(tenantId, 'refused', totals.refused)
    this.addNumber(tenantId, 'calls', totals.billable)
    this.addNumber(tenantId, 'units', totals.usageUnits)
    this.addNumber(tenantId, 'bytes_in', totals.bytesReceived)
    this.addNumber(tenantId, 'bytes_out', totals.bytesSent)
    for (const [meter, quantity] of Object.entries(totals.quantities)) {
      this.addText(tenantId, customMeter(meter), quantity)
    }
  }

  /** A decimal; `0` for what never was added. */
  of(tenantId: string, meter: string): string {
    return formatQuantity(this.#byTenant.get(tenantId)?.get(meter)?.value(this.#span) ?? 0n)
  }

  /** Every tenant and meter, but those that come to nothing. */
  *names(): Generator<readonly [tenantId: string, meter: string]> {
    for (const [tenantId, meters] of this.#byTenant) {
      for (const [meter, tally] of meters) if (tally.value(this.#span) !== 0n) yield [tenantId, meter]
    }
  }

  /** The meters that are more than a sum: those of several keys do not add up to that of their tenant. */
  unsummed(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const meters of this.#byTenant.values()) {
      for (const [meter, tally] of meters) if (tally.isMarked) names.add(meter)
    }
    return names
  }

  #tally(tenantId: string, meter: string): MeterTally {
    const meters = this.#byTenant.get(tenantId) ?? new Map<string, MeterTally>()
    this.#byTenant.set(tenantId, meters)
    const tally = meters.get(meter) ?? new MeterTally()
    meters.set(meter, tally)
    return tally
  }
}

/** The meters that have a name of ours, in the order in which they are shown. */
export const BUILT_IN_METERS: readonly string[] = [
  ...['requests', 'refused', 'calls', 'units', 'bytes_in', 'bytes_out'],
]

/** The name of a custom meter among the others: as the CSV has it, should it be called as a column of ours. */
export function customMeter(id: string): string {
  return OWN_COLUMNS.has(id) ? `meter_${id}` : id
}

const OWN_COLUMNS: ReadonlySet<string> = new Set([
  ...['period_start', 'period_end', 'tenant_id', 'tenant_name', 'key_id', 'key_name', 'requests', 'billable'],
  ...['refused', 'usage_units', 'bytes_received', 'bytes_sent', 'amount', 'currency'],
])

/** One figure as every store has it: a decimal, or null where the store has none of it. The names are stable. */
export interface FigureRow {
  readonly tenant_id: string
  readonly meter: string
  /** Counted again from the usage log; null where raw events are forgotten. */
  readonly raw: string | null
  readonly rollups: string
  /** What a quota would count from at a start: of calls and units of tenants. */
  readonly quota: string | null
  readonly report: string
  readonly export: string
  /** What invoices have of it, all together; null where none of the span has a charge on it. */
  readonly invoiced: string | null
  /** What the ledger has of it under those charges; less than `rollups` where some usage is of a plan without one. */
  readonly chargeable: string | null
  readonly equal: boolean
}

/** The same figures from every source. */
export interface FigureSources {
  /** Undefined where raw events are forgotten. */
  readonly raw: Figures | undefined
  readonly rollups: Figures
  readonly quota: Figures
  readonly report: Figures
  readonly exported: Figures
  readonly invoiced: InvoicedFigures
}

/** A row for every tenant and meter that any source knows. */
export function figureRows(sources: FigureSources): readonly FigureRow[] {
  const { raw, rollups, quota, report, exported, invoiced } = sources
  const names = new Map<string, readonly [string, string]>()
  for (const source of [raw, rollups, quota, report, exported]) {
    for (const name of source?.names() ?? []) names.set(name.join('\n'), name)
  }
  return [...names.values()].sort(byTenantAndMeter).map(([tenantId, meter]) => {
    const hasQuota = tenantId !== '' && (meter === 'calls' || meter === 'units')
    const row = {
      raw: raw?.of(tenantId, meter) ?? null,
      rollups: rollups.of(tenantId, meter),
      quota: hasQuota ? quota.of(tenantId, meter) : null,
      report: report.of(tenantId, meter),
      export: exported.of(tenantId, meter),
    }
    const bill = invoiced.of(tenantId, meter)
    const same = Object.values(row).every((figure) => figure === null || figure === row.rollups)
    const invoices = { invoiced: bill?.billed ?? null, chargeable: bill?.inLedger ?? null }
    return { tenant_id: tenantId, meter, ...row, ...invoices, equal: same && bill?.equal !== false }
  })
}

const ONE = 10n ** BigInt(QUANTITY_PLACES)

type Name = readonly [tenantId: string, meter: string]

function byTenantAndMeter([tenant, meter]: Name, [otherTenant, otherMeter]: Name): number {
  if (tenant !== otherTenant) return tenant < otherTenant ? -1 : 1
  return rankOf(meter) - rankOf(otherMeter) || (meter < otherMeter ? -1 : 1)
}

function rankOf(meter: string): number {
  const place = BUILT_IN_METERS.indexOf(meter)
  return place === -1 ? BUILT_IN_METERS.length : place
}
