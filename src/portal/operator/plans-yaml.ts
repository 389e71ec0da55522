import { stringify } from 'yaml'
import type { FilePlan } from './studio-plans.ts'

/** Plans as the file of gatez has them: the text of its section `plans`. Decimals stay in quotes, so they stay exact. */
export function plansYaml(plans: readonly FilePlan[]): string {
  return stringify({ plans: plans.map(planOf) }, { lineWidth: 0 })
}

function planOf(plan: FilePlan): object {
  return {
    ...{ id: plan.id, name: plan.name },
    ...(plan.support !== null && { support: plan.support }),
    routes: plan.routes,
    ...(plan.features.length > 0 && { features: plan.features }),
    keys: plan.keys,
    ...(plan.limits.length > 0 && { limits: plan.limits.map(limitOf) }),
    ...(plan.quotas.length > 0 && { quotas: plan.quotas.map(quotaOf) }),
    ...(plan.charges.length > 0 && { charges: plan.charges.map(chargeOf) }),
    ...(plan.onStoreFailure !== undefined && { on_store_failure: plan.onStoreFailure }),
  }
}

function limitOf({ id, counts, amount, per, scope }: FilePlan['limits'][number]): object {
  return { id, [counts]: amount, ...(counts !== 'concurrent' && { per }), scope }
}

function quotaOf({ id, meter, per, included, onExceed, upgradeTo }: FilePlan['quotas'][number]): object {
  return { id, meter, per, included, on_exceed: upgradeTo === undefined ? onExceed : { upgrade: upgradeTo } }
}

function chargeOf({ id, meter, per, price }: FilePlan['charges'][number]): object {
  return { id, ...(meter !== null && { meter }), ...(per !== undefined && { per }), price }
}
