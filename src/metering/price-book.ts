import { overridePlan } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { Price } from '../pricing/price.ts'
import { readPrice } from '../pricing/read-price.ts'
import type { PlanStore } from '../storage/ports/plans.ts'
import type { TenantStore } from '../storage/ports/tenants.ts'

/** Finds the prices that hold for a tenant on a version of a plan, each read once. */
export class PriceBook {
  readonly #stores: PriceStores
  readonly #plans = new Map<string, Plan | undefined>()
  readonly #charges = new Map<string, readonly PricedCharge[] | undefined>()

  constructor(stores: PriceStores) {
    this.#stores = stores
  }

  /** The charges of the plan in their order, with the tenant's own prices; undefined of a plan that is not there. */
  async charges({ tenantId, planId, planVersion }: Terms): Promise<readonly PricedCharge[] | undefined> {
    const name = `${tenantId} ${planId} ${planVersion}`
    if (!this.#charges.has(name)) {
      const plan = await this.#plan(planId, planVersion)
      const overrides = (await this.#stores.tenants.find(tenantId))?.overrides ?? null
      this.#charges.set(name, plan === undefined ? undefined : chargesOf(overridePlan(plan, overrides)))
    }
    return this.#charges.get(name)
  }

  async #plan(planId: string, planVersion: number): Promise<Plan | undefined> {
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
  readonly tenants: Pick<TenantStore, 'find'>
}

/** Whose prices, and of which version. */
export interface Terms {
  readonly tenantId: string
  readonly planId: string
  readonly planVersion: number
}

/** A charge whose price can be calculated with. */
export interface PricedCharge {
  readonly id: string
  readonly meter: string | null
  readonly price: Price
}

/** The charges of a plan with their prices read. */
export function chargesOf(plan: Plan): readonly PricedCharge[] {
  return plan.charges.map(({ id, meter, price }) => ({ id, meter, price: readPrice(price) }))
}
