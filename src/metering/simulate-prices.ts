import { GatezError } from '../errors/gatez-error.ts'
import { formatMinor } from '../model/money.ts'
import { overridePlan } from '../model/overrides.ts'
import { type Period, wholePeriods } from '../model/period.ts'
import type { Plan } from '../model/plan.ts'
import type { LedgerStore } from '../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../storage/ports/subscriptions.ts'
import { type ChargeLine, chargeLines } from './charge-lines.ts'
import { LedgerUsage, type UsageOfSubscription } from './ledger-usage.ts'
import { chargesOf, PriceBook, type PricedCharge, type PriceStores } from './price-book.ts'
import type { BillingTerms } from './usage-amounts.ts'

/**
 * What real usage would have cost under the plans of another file, tenant by tenant. Changes nothing.
 *
 * `before` is what the tenants are billed, by the versions they are on; `after` takes the plan of the same id, for all
 * its subscribers, with their own prices on top as today. A plan that the file lacks stays as it is.
 */
export async function simulatePrices(
  stores: SimulationStores,
  request: SimulationRequest,
): Promise<Simulation> {
  const { billing } = request
  const bills = await billsOf(stores, request)
  const others = new OtherPrices(stores, request.plans)
  const prices = new PriceBook(stores)
  const tenants = new Map<string, TenantSums>()
  const leftOut = new Map<string, string>()
  for (const bill of bills) {
    const charges = (await prices.charges(bill)) ?? []
    const before = chargeLines(bill, charges, billing)
    const after = chargeLines(bill, (await others.charges(bill)) ?? charges, billing)
    const sums = tenants.get(bill.tenantId) ?? new TenantSums()
    tenants.set(bill.tenantId, sums)
    sums.add(before, after)
    for (const { charge, problem } of [...before, ...after]) {
      if (problem !== null)
        leftOut.set(bill.tenantId, `charge ${charge.id} of plan ${bill.planId}: ${problem}`)
    }
  }
  for (const tenantId of leftOut.keys()) tenants.delete(tenantId)
  return view({ currency: billing.currency, tenants, leftOut, missing: others.missing })
}

export interface SimulationStores extends PriceStores {
  readonly ledger: Pick<LedgerStore, 'rollups' | 'levels'>
  readonly subscriptions: Pick<SubscriptionStore, 'during'>
}

export interface SimulationRequest {
  /** Whole billing periods. */
  readonly span: Period
  readonly tenantId: string | undefined
  readonly plans: readonly Plan[]
  readonly billing: BillingTerms
}

/** Bills before and after; the names are stable. */
export interface Simulation {
  readonly currency: string
  /** The largest fall first, then up to the largest rise. */
  readonly tenants: readonly SimulatedTenant[]
  /** How many would pay less, more, the same. */
  readonly winners: number
  readonly losers: number
  readonly same: number
  readonly total: SimulatedAmounts
  /** Plans that the file lacks; their subscribers are billed as before. */
  readonly missing_plans: readonly string[]
  /** Tenants whose usage has no price, on one side or the other: they are in no sum. */
  readonly left_out: readonly { readonly tenant_id: string; readonly why: string }[]
}

export interface SimulatedAmounts {
  readonly before: string
  readonly after: string
  /** after − before. */
  readonly change: string
}

export interface SimulatedTenant extends SimulatedAmounts {
  readonly tenant_id: string
}

async function billsOf(
  stores: SimulationStores,
  { span, tenantId, billing }: SimulationRequest,
): Promise<readonly UsageOfSubscription[]> {
  const periods = wholePeriods(span, billing.period, billing.timezone)
  if (periods === undefined) {
    const detail = `bills are by the ${billing.period}, of which this is not a whole number: choose other days.`
    throw new GatezError('invalid-parameter', detail)
  }
  const subscriptions = await stores.subscriptions.during(span.startMs, span.endMs)
  const usage = new LedgerUsage(
    periods,
    subscriptions.filter((each) => tenantId === undefined || each.tenantId === tenantId),
  )
  const filter = { fromMs: span.startMs, toMs: span.endMs, ...(tenantId !== undefined && { tenantId }) }
  for await (const rollup of stores.ledger.rollups(filter)) usage.add(rollup, '')
  const before = { beforeMs: span.startMs, ...(tenantId !== undefined && { tenantId }) }
  for (const level of await stores.ledger.levels(before)) usage.addLevel(level)
  return usage.bills()
}

/** The prices of the other file, with what tenants have of their own. */
class OtherPrices {
  readonly #stores: PriceStores
  readonly #plans: ReadonlyMap<string, Plan>
  readonly #missing = new Set<string>()

  constructor(stores: PriceStores, plans: readonly Plan[]) {
    this.#stores = stores
    this.#plans = new Map(plans.map((plan) => [plan.id, plan]))
  }

  get missing(): readonly string[] {
    return [...this.#missing].sort()
  }

  async charges({ tenantId, planId }: UsageOfSubscription): Promise<readonly PricedCharge[] | undefined> {
    const plan = this.#plans.get(planId)
    if (plan === undefined) {
      this.#missing.add(planId)
      return undefined
    }
    const overrides = (await this.#stores.tenants.find(tenantId))?.overrides ?? null
    return chargesOf(overridePlan(plan, overrides))
  }
}

class TenantSums {
  before = 0n
  after = 0n

  add(before: readonly ChargeLine[], after: readonly ChargeLine[]): void {
    this.before += sum(before)
    this.after += sum(after)
  }
}

function sum(lines: readonly ChargeLine[]): bigint {
  return lines.reduce((total, { minor }) => total + (minor ?? 0n), 0n)
}

function view({ currency, tenants, leftOut, missing }: Simulated): Simulation {
  const amounts = ({ before, after }: Pick<TenantSums, 'before' | 'after'>): SimulatedAmounts => ({
    before: formatMinor(before, currency),
    after: formatMinor(after, currency),
    change: formatMinor(after - before, currency),
  })
  const all = [...tenants].map(([id, { before, after }]) => ({ id, before, after, change: after - before }))
  const total = all.reduce(
    (so, { before, after }) => ({ before: so.before + before, after: so.after + after }),
    {
      before: 0n,
      after: 0n,
    },
  )
  return {
    currency,
    tenants: all
      .sort((one, other) => Number(one.change - other.change) || (one.id < other.id ? -1 : 1))
      .map((each) => ({ tenant_id: each.id, ...amounts(each) })),
    winners: all.filter(({ change }) => change < 0n).length,
    losers: all.filter(({ change }) => change > 0n).length,
    same: all.filter(({ change }) => change === 0n).length,
    total: amounts(total),
    missing_plans: missing,
    left_out: [...leftOut].map(([tenant_id, why]) => ({ tenant_id, why })),
  }
}

interface Simulated {
  readonly currency: string
  readonly tenants: ReadonlyMap<string, TenantSums>
  readonly leftOut: ReadonlyMap<string, string>
  readonly missing: readonly string[]
}
