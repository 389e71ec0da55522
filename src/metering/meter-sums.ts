import { assert } from '../lib/assert.ts'
import { joinMarks, type Mark, markName, mergeMarks } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import { type Rational, rational } from '../model/rational.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import { meterValue } from './meter-value.ts'

/** Adds up what every meter counted in rollups, exactly: the quantities that are billed. */
export class MeterSums {
  #calls = 0
  #units = 0
  #bytesIn = 0
  #bytesOut = 0
  #durationMs = 0
  /** Custom meters; made when there are any: reports hold a hundred thousand of these. */
  #femtos: Map<string, bigint> | undefined
  /** Meter → name of the mark → mark. */
  #marks: Map<string, Map<string, Mark>> | undefined

  /** Takes billable rollups only. */
  add(rollup: Rollup): void {
    assert(rollup.billable, 'what is billed is billable')
    this.#calls += rollup.requests
    this.#units += rollup.usageUnits
    this.#bytesIn += rollup.bytesReceived
    this.#bytesOut += rollup.bytesSent
    this.#durationMs += rollup.durationMs
    for (const [meter, quantity] of Object.entries(rollup.quantities)) {
      this.#femtos ??= new Map()
      this.#femtos.set(meter, (this.#femtos.get(meter) ?? 0n) + quantityFemtos(quantity))
    }
    for (const mark of rollup.marks) if (mark.aggregation !== 'leak') this.addMark(mark)
  }

  addMark(mark: Mark): void {
    this.#marks ??= new Map()
    const marks = this.#marks.get(mark.meterId) ?? new Map<string, Mark>()
    this.#marks.set(mark.meterId, marks)
    const name = markName(mark)
    const before = marks.get(name)
    marks.set(name, before === undefined ? mark : joinMarks(before, mark))
  }

  /** What can be added up of one meter, in femtos; 0 of a meter that counted nothing. */
  sum(meter: string): bigint {
    const count = this.#builtIn(meter)
    return count === undefined ? (this.#femtos?.get(meter) ?? 0n) : BigInt(count) * FEMTOS
  }

  /** What is kept of one meter beside the sum. */
  marks(meter: string): readonly Mark[] {
    return [...(this.#marks?.get(meter)?.values() ?? [])]
  }

  /** The marks that say how much there is of something. */
  levels(): readonly Mark[] {
    const marks = [...(this.#marks?.values() ?? [])].flatMap((each) => [...each.values()])
    return marks.filter(({ aggregation }) => aggregation === 'time-weighted')
  }

  #builtIn(meter: string): number | undefined {
    switch (meter) {
      case 'calls':
        return this.#calls
      case 'units':
        return this.#units
      case 'bytes_in':
        return this.#bytesIn
      case 'bytes_out':
        return this.#bytesOut
      case 'bandwidth':
        return this.#bytesIn + this.#bytesOut
      case 'duration_ms':
        return this.#durationMs
      default:
        return undefined
    }
  }
}

/** What one subscription used of one meter in the part `held` of `period`, in femtos. */
export function meterFemtos(
  meter: string,
  parts: readonly MeterSums[],
  { held, period }: HeldPeriod,
): bigint {
  const sum = parts.reduce((total, part) => total + part.sum(meter), 0n)
  const marks = mergeMarks(...parts.map((part) => part.marks(meter)))
  return marks.length === 0 ? sum : sum + meterValue(marks, held, period)
}

/** A billing period, and the part of it in which a subscription held. */
export interface HeldPeriod {
  readonly held: Period
  readonly period: Period
}

/** Femtos as the number they stand for. */
export function quantityOf(femtos: bigint): Rational {
  return rational(femtos, FEMTOS)
}

const FEMTOS = 10n ** BigInt(QUANTITY_PLACES)
