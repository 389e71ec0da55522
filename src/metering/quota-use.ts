import type { PeriodFinder } from '../limits/period-finder.ts'
import { countedSubscriptions } from '../limits/quota-used.ts'
import { heldPlan, type QuotaPeriod } from '../model/billing-calendar.ts'
import type { Aggregation } from '../model/mark.ts'
import type { Quota } from '../model/plan.ts'
import { formatQuantity, QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import type { Subscription } from '../model/tenant.ts'
import { BUCKET_MS, type LedgerStore } from '../storage/ports/ledger.ts'
import type { QuotaStore, UseNote, UsePlace } from '../storage/ports/quotas.ts'
import { MeterSums, meterFemtos } from './meter-sums.ts'

/**
 * Adds notes to what one tenant used of its quotas, and says what that comes to.
 *
 * A meter that can be added up is, from note to note; where nothing was added up yet, and for all other meters, the
 * ledger is read. Make one for each transaction and tenant, with all notes of the tenant.
 */
export class QuotaUse {
  readonly #tables: UseStores
  readonly #tenant: TenantUsing
  readonly #aggregationOf: (meterId: string) => Aggregation
  readonly #known = new Map<string, bigint>()

  constructor(tables: UseStores, tenant: TenantUsing, aggregationOf: (meterId: string) => Aggregation) {
    this.#tables = tables
    this.#tenant = tenant
    this.#aggregationOf = aggregationOf
  }

  /** What was used of a quota in one of its periods, in femtos. */
  async of({ meter }: Pick<Quota, 'meter'>, period: QuotaPeriod): Promise<bigint> {
    const place = {
      tenantId: this.#tenant.tenantId,
      meterId: meter,
      fromMs: period.startMs,
      toMs: period.endMs,
    }
    const name = `${meter} ${period.startMs} ${period.endMs}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const used = await this.#settle(place, period)
    this.#known.set(name, used)
    return used
  }

  async #settle(place: UsePlace, period: QuotaPeriod): Promise<bigint> {
    const { quotas } = this.#tables
    const adds = ['sum', 'count'].includes(this.#aggregationOf(place.meterId))
    const before = adds ? await quotas.used(place) : undefined
    const used =
      before === undefined
        ? await this.#read(place.meterId, period)
        : quantityFemtos(before) + this.#noted(place.meterId, period)
    const text = formatQuantity(used)
    if (text !== before) await quotas.setUsed(place, text)
    return used
  }

  #noted(meter: string, period: QuotaPeriod): bigint {
    return this.#tenant.notes
      .filter((note) => this.#counts(note, period))
      .reduce((sum, note) => sum + femtosOf(note, meter), 0n)
  }

  async #read(meter: string, period: QuotaPeriod): Promise<bigint> {
    const { tenantId } = this.#tenant
    const { ledger } = this.#tables
    const sums = new MeterSums()
    const fromMs = bucketOf(period.startMs)
    for await (const rollup of ledger.rollups({ fromMs, toMs: period.endMs, tenantId })) {
      if (rollup.billable && this.#counts(rollup, period)) sums.add(rollup)
    }
    if (this.#aggregationOf(meter) === 'time-weighted') {
      for (const { billable, mark } of await ledger.levels({ beforeMs: fromMs, tenantId })) {
        if (billable) sums.addMark(mark)
      }
    }
    return meterFemtos(meter, [sums], { held: period, period })
  }

  #counts(
    { bucketMs, subscriptionId }: Pick<UseNote, 'bucketMs' | 'subscriptionId'>,
    period: QuotaPeriod,
  ): boolean {
    if (bucketMs < bucketOf(period.startMs) || bucketMs >= period.endMs) return false
    if (period.isSincePlan !== true) return true
    return countedSubscriptions(this.#tenant.subscriptions, period).includes(subscriptionId)
  }
}

/** What is asked; of quotas only what is added up. */
export interface UseStores {
  readonly ledger: Pick<LedgerStore, 'rollups' | 'levels'>
  readonly quotas: Pick<QuotaStore, 'used' | 'setUsed'>
}

export interface TenantUsing {
  readonly tenantId: string
  readonly subscriptions: readonly Subscription[]
  readonly notes: readonly UseNote[]
}

/** The periods of a quota that notes are of, oldest first. */
export function notedPeriods(
  periodOf: PeriodFinder,
  quota: Pick<Quota, 'per'>,
  notes: readonly Pick<UseNote, 'bucketMs'>[],
  active: Subscription,
): readonly QuotaPeriod[] {
  const periods = new Map<number, QuotaPeriod>()
  for (const { bucketMs } of notes) {
    const period = periodOf(quota.per, bucketMs, heldPlan(active))
    periods.set(period.startMs, period)
  }
  return [...periods.values()].toSorted((one, other) => one.startMs - other.startMs)
}

function bucketOf(ms: number): number {
  return ms - (ms % BUCKET_MS)
}

function femtosOf(note: UseNote, meter: string): bigint {
  switch (meter) {
    case 'calls':
      return whole(note.requests)
    case 'units':
      return whole(note.usageUnits)
    case 'bytes_in':
      return whole(note.bytesReceived)
    case 'bytes_out':
      return whole(note.bytesSent)
    case 'bandwidth':
      return whole(note.bytesReceived + note.bytesSent)
    case 'duration_ms':
      return whole(note.durationMs)
    default: {
      const quantity = Object.hasOwn(note.quantities, meter) ? note.quantities[meter] : undefined
      return quantityFemtos(quantity ?? '0')
    }
  }
}

function whole(count: number): bigint {
  return BigInt(count) * 10n ** BigInt(QUANTITY_PLACES)
}
