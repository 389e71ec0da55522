import type { UsageEvent } from '../model/event.ts'
import type { Mark } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { quantityFemtos } from '../model/quantity.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import { femtosOfEvent, femtosOfRollup, isCustom } from './figure.ts'
import { MeterTally } from './meter-tally.ts'
import type { SealedMeters } from './sealed-meters.ts'

/** What rollups or events come to in one meter: one number for each tenant, and those added. */
export class FigureTally {
  readonly #meter: string
  readonly #byTenant = new Map<string, MeterTally>()

  constructor(meter: string) {
    this.#meter = meter
  }

  addRollup(rollup: Rollup): void {
    const tally = this.#of(rollup.tenantId)
    if (!isCustom(this.#meter)) {
      tally.add(femtosOfRollup(this.#meter, rollup))
      return
    }
    if (!rollup.billable) return
    const quantity = rollup.quantities[this.#meter]
    if (quantity !== undefined) tally.add(quantityFemtos(quantity))
    for (const mark of rollup.marks) if (mark.meterId === this.#meter) tally.takeMark(mark)
  }

  addEvent(event: UsageEvent, sealed: SealedMeters): void {
    const tally = this.#of(event.tenantId)
    const value = event.quantities[this.#meter]
    if (!isCustom(this.#meter)) tally.add(femtosOfEvent(this.#meter, event))
    else if (event.billable && value !== undefined) tally.take(sealed.aggregationOf(event), value, event)
  }

  /** A level that held when the span began. */
  addLevel(tenantId: string, level: Mark): void {
    this.#of(tenantId).takeMark(level)
  }

  /** In femtos. */
  value(span: Period): bigint {
    let femtos = 0n
    for (const tally of this.#byTenant.values()) femtos += tally.value(span)
    return femtos
  }

  #of(tenantId: string): MeterTally {
    const tally = this.#byTenant.get(tenantId) ?? new MeterTally()
    this.#byTenant.set(tenantId, tally)
    return tally
  }
}
