import type { PlanChange } from '../access/plan-changes.ts'
import type { LimitView, PlanView, QuotaView } from '../access/plan-view.ts'

/** A row of `gatez apply`: plan, version before, version after, what changed. */
export function changeRow({ plan, change, from_version, to_version, fields }: PlanChange): readonly string[] {
  const what = fields.length === 0 ? change : `${change}: ${fields.join(', ')}`
  return [plan, from_version?.toString() ?? '–', to_version?.toString() ?? '–', what]
}

/** A row of `gatez plans list`. */
export function planRow(plan: PlanView): readonly string[] {
  const limits = plan.limits.map(limitText)
  return [
    plan.id,
    plan.name,
    plan.version.toString(),
    plan.routes === 'all' ? 'all' : plan.routes.length.toString(),
    plan.keys.max?.toString() ?? 'unlimited',
    limits.length === 0 ? 'none' : limits.join(', '),
    plan.subscribers.toString(),
  ]
}

/** What `gatez plans show` prints: one line a fact. */
export function planLines(plan: PlanView): readonly (readonly [string, string])[] {
  return [
    ['Plan', `${plan.id}, version ${plan.version} since ${plan.since}`],
    ['Name', plan.name],
    ['Support', plan.support ?? '–'],
    ['Routes', plan.routes === 'all' ? 'all' : plan.routes.join(', ') || 'none'],
    ['Features', plan.features.join(', ') || 'none'],
    ['Keys', `${plan.keys.max ?? 'unlimited'}, approval ${plan.keys.approval}`],
    ...plan.limits.map((limit): [string, string] => [`Limit ${limit.id}`, limitText(limit)]),
    ...plan.quotas.map((quota): [string, string] => [`Quota ${quota.id}`, quotaText(quota)]),
    ...plan.charges.map((charge): [string, string] => {
      const { model, ...rest } = charge.price
      const what = charge.per === undefined ? (charge.meter ?? 'fee') : `fee per ${charge.per}`
      return [`Charge ${charge.id}`, `${what}: ${String(model)} ${JSON.stringify(rest)}`]
    }),
    ['Subscribers', plan.subscribers.toString()],
  ]
}

/** `3 plans`, `1 plan`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function limitText({ amount, counts, per, scope }: LimitView): string {
  const size = amount === null ? 'unlimited' : amount.toLocaleString('en-US')
  const who = scope === 'tenant' ? '' : ` a ${scope.replace('key-route', 'key and route')}`
  if (counts === 'concurrent') return `${size} at a time${who}`
  return `${size}${counts === 'units' ? ' units' : ''}/${per}${who}`
}

function quotaText({ meter, per, included, on_exceed, upgrade_to: plan }: QuotaView): string {
  return `${included} ${meter} a ${per}, then ${on_exceed}${plan === undefined ? '' : ` to ${plan}`}`
}
