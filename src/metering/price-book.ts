import { overridePlan } from '../model/overrides.ts'
import type { Period } from '../model/period.ts'
import type { BillingCycle, Charge, Plan, Quota } from '../model/plan.ts'
import type { Price } from '../pricing/price.ts'
import { readPrice } from '../pricing/read-price.ts'
import type { PlanStore } from '../storage/ports/plans.ts'
import type { TenantStore } from '../storage/ports/tenants.ts'

/** Finds the prices that hold for a tenant on a version of a plan in a billing period, each read once. */
export class PriceBook {
  readonly #stores: PriceStores
  readonly #plans = new Map<string, Plan | undefined>()
  readonly #terms = new Map<string, PlanTerms | undefined>()

  constructor(stores: PriceStores) {
    this.#stores = stores
  }

  /** The charges of the plan in their order, with the tenant's own prices; undefined of a plan that is not there. */
  async charges(of: TermsOfPeriod): Promise<readonly PricedCharge[] | undefined> {
    return (await this.terms(of))?.charges
  }

  /** The same with what the plan includes. */
  async terms(of: TermsOfPeriod): Promise<PlanTerms | undefined> {
    const { tenantId, planId, planVersion, period } = of
    const overrides = await this.#stores.tenants.overridesAt(tenantId, period.endMs - 1)
    // Most tenants have nothing of their own, and share what was read.
    const name =
      overrides === null
        ? `${planId} ${planVersion}`
        : `${planId} ${planVersion} ${JSON.stringify(overrides)}`
    if (!this.#terms.has(name)) {
      const plan = await this.plan(planId, planVersion)
      this.#terms.set(name, plan === undefined ? undefined : termsOf(overridePlan(plan, overrides)))
    }
    return this.#terms.get(name)
  }

  /** The plan in this version. */
  async plan(planId: string, planVersion: number): Promise<Plan | undefined> {
    const name = `${planId} ${planVersion}`
    if (!this.#plans.has(name)) {
      this.#plans.set(name, (await this.#stores.plans.find(planId, planVersion))?.plan)
    }
    return this.#plans.get(name)
  }
}

/** Where prices are kept. */
export interface PriceStores {
  readonly plans: Pick<PlanStore, 'find'>
  readonly tenants: Pick<TenantStore, 'overridesAt'>
}

/** Whose prices, and of which version. */
export interface Terms {
  readonly tenantId: string
  readonly planId: string
  readonly planVersion: number
}

/** The same in a billing period: what a tenant has of its own counts as it is at the end of it. */
export interface TermsOfPeriod extends Terms {
  readonly period: Period
}

/** What a plan costs and includes. */
export interface PlanTerms {
  readonly charges: readonly PricedCharge[]
  readonly quotas: readonly Quota[]
}

/** A charge whose price can be calculated with. */
export interface PricedCharge {
  readonly id: string
  readonly meter: string | null
  readonly price: Price
  /** The price as it was written. */
  readonly written: Charge['price']
  /** How often a fee is due, where it is not with every bill. */
  readonly per?: BillingCycle
}

/** What a plan costs and includes, with its prices read. */
export function termsOf(plan: Plan): PlanTerms {
  return { charges: chargesOf(plan), quotas: plan.quotas }
}

/** The charges of a plan with their prices read. */
function chargesOf(plan: Plan): readonly PricedCharge[] {
  return plan.charges.map(({ id, meter, price, per }) => {
    return { id, meter, price: readPrice(price), written: price, ...(per !== undefined && { per }) }
  })
}
