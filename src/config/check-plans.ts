import { checkCharge } from './check-charge.ts'
import type { Cursor } from './cursor.ts'
import { parseScope } from './scope.ts'

/** Checks what one plan says in several fields at once: limits, quotas, prices. */
export function checkPlans(file: Cursor): void {
  for (const plan of file.field('plans').items()) {
    const limits = plan.field('limits').items()
    const quotas = plan.field('quotas').items()
    for (const limit of limits) checkAmount(limit)
    for (const quota of quotas) checkBlocking(quota)
    checkIds('limit', limits, limitIdOf)
    checkIds('quota', quotas, quotaIdOf)
    for (const charge of plan.field('charges').items()) checkCharge(charge)
  }
}

function checkAmount(limit: Cursor): void {
  const amounts = ['requests', 'units', 'concurrent'].filter(
    (field) => limit.field(field).value !== undefined,
  )
  if (!limit.isMap) return
  if (amounts.length === 0) {
    limit.refuse('lacks its amount: requests, units or concurrent, a number or null for no limit')
  }
  if (amounts.length > 1) {
    limit.refuse(`has ${amounts.length} amounts, ${amounts.join(' and ')}: make it ${amounts.length} limits`)
  }
  const per = limit.field('per')
  if (amounts.includes('concurrent')) {
    if (per.value !== undefined) per.refuse('has no meaning beside concurrent, which counts calls in flight')
  } else if (per.value === undefined) limit.refuse('lacks the field per')
}

function checkBlocking(quota: Cursor): void {
  const meter = quota.field('meter').text
  const onExceed = quota.field('on_exceed')
  if ((onExceed.value ?? 'block') !== 'block' || meter === undefined || BLOCKING_METERS.includes(meter))
    return
  const at = onExceed.value === undefined ? quota : onExceed
  at.refuse(`a quota of ${meter} cannot block yet, only one of calls or units; use bill, notify or upgrade`)
}

/** What is known before a call goes through, so that it can be refused. */
const BLOCKING_METERS = ['calls', 'units']

function checkIds(
  noun: string,
  things: readonly Cursor[],
  idOf: (thing: Cursor) => string | undefined,
): void {
  const lines = new Map<string, number>()
  for (const thing of things) {
    const id = idOf(thing)
    if (id === undefined) continue
    const line = lines.get(id)
    if (line === undefined) lines.set(id, thing.place.line)
    else
      thing.refuse(
        `another ${noun} of this plan is called ${id}, in line ${line}: give this one an id of its own`,
      )
  }
}

function limitIdOf(limit: Cursor): string | undefined {
  const written = limit.field('id').text
  const per = limit.field('per').text
  const span = limit.field('concurrent').value === undefined ? per : 'concurrent'
  if (written !== undefined || span === undefined) return written
  const scope = limit.field('scope')
  const words =
    scope.value === undefined ? 'tenant' : (scope.text ?? scope.items().flatMap((word) => word.text ?? []))
  const parsed = parseScope(words)
  return 'value' in parsed ? `${parsed.value}-${span}` : undefined
}

function quotaIdOf(quota: Cursor): string | undefined {
  const [written, meter, per] = [quota.field('id').text, quota.field('meter').text, quota.field('per').text]
  return written ?? (meter === undefined || per === undefined ? undefined : `${meter}-${per}`)
}
