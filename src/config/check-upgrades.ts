import type { Cursor } from './cursor.ts'

/** Checks that no plan leads back to itself by the upgrades of its quotas: a tenant must not go round for ever. */
export function checkUpgrades(file: Cursor): void {
  const plans = file.field('plans').items()
  const next = new Map(
    plans.map((plan) => [plan.field('id').text, upgradesOf(plan).flatMap(({ text }) => text ?? [])]),
  )
  for (const plan of plans) {
    const id = plan.field('id').text
    for (const to of upgradesOf(plan)) {
      if (to.text === id) to.refuse('is the plan itself: name a larger one')
      else if (id !== undefined && to.text !== undefined && leadsTo(id, to.text, next)) {
        to.refuse(`leads from ${to.text} back to ${id}: upgrades must come to an end`)
      }
    }
  }
}

function upgradesOf(plan: Cursor): readonly Cursor[] {
  return plan
    .field('quotas')
    .items()
    .map((quota) => quota.field('on_exceed').field('upgrade'))
    .filter(({ text }) => text !== undefined)
}

function leadsTo(
  id: string,
  from: string,
  next: ReadonlyMap<string | undefined, readonly string[]>,
): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === id) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...(next.get(at) ?? []))
  }
  return false
}
