import { canonicalJson } from '../lib/canonical-json.ts'
import type { Plan } from '../model/plan.ts'

/**
 * A plan as facts by name, each in words: two plans differ where their facts do.
 *
 * Limits, quotas and charges go by their ids, so that moving one in the file is no change.
 */
export function planFacts(plan: Plan): ReadonlyMap<string, string> {
  return new Map([
    ['name', plan.name],
    ...(plan.support === null ? [] : [['support', plan.support] as const]),
    ['routes', plan.routes === 'all' ? 'all' : plan.routes.join(', ') || 'none'],
    ['features', plan.features.join(', ') || 'none'],
    ['keys.max', plan.keys.max === null ? 'unlimited' : String(plan.keys.max)],
    ['keys.approval', plan.keys.approval],
    ...plan.limits.map(({ id, amount, counts, per, scope }) => {
      const what = counts === 'concurrent' ? 'calls at a time' : `${counts} per ${per}`
      return [`limits.${id}`, `${amount ?? 'unlimited'} ${what}, by ${scope}`] as const
    }),
    ...plan.quotas.map(({ id, included, meter, per, onExceed, upgradeTo }) => {
      const then = upgradeTo === undefined ? onExceed : `${onExceed} to ${upgradeTo}`
      return [`quotas.${id}`, `${included} ${meter} per ${per}, then ${then}`] as const
    }),
    ...plan.charges.map(({ id, meter, price, per }) => {
      const cycle = per === undefined ? '' : ` per ${per}`
      return [`charges.${id}`, `${meter ?? 'fee'}${cycle}: ${canonicalJson(price)}`] as const
    }),
  ])
}
