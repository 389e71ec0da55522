import { didYouMean } from '../lib/closest.ts'
import { BUILT_IN_METERS } from '../model/meter.ts'
import type { Cursor } from './cursor.ts'
import { parseId } from './values.ts'

/** Checks that ids are unique and that what one part of the file names exists in another. */
export function checkReferences(file: Cursor): void {
  const apis = file.field('apis').items()
  const routes = apis.flatMap((api) => api.field('routes').items())
  const plans = file.field('plans').items()
  const meters = file.field('meters').items()
  const dimensions = file.field('dimensions').items()

  checkUnique('api', apis)
  checkUnique('route', routes)
  checkUnique('meter', meters)
  checkUnique('dimension', dimensions)
  checkUnique('plan', plans)
  checkFeatureIds(file.field('features'))

  const routeIds = idsOf(routes)
  const featureIds = file
    .field('features')
    .fields()
    .map(([id]) => id)
  const meterIds = [...BUILT_IN_METERS, ...idsOf(meters)]
  const portal = file.field('portal')
  checkName('plan', portal.field('sign_up_plan'), idsOf(plans))
  checkList('plan', portal.field('plans'), idsOf(plans))
  for (const meter of meters) checkList('route', meter.field('routes'), routeIds)
  for (const route of routes) checkList('feature', route.field('requires'), featureIds)
  for (const plan of plans) {
    checkList('route', plan.field('routes'), routeIds)
    checkList('feature', plan.field('features'), featureIds)
    checkUnique('charge', plan.field('charges').items())
    for (const quota of plan.field('quotas').items()) {
      checkName('meter', quota.field('meter'), meterIds)
      checkName('plan', quota.field('on_exceed').field('upgrade'), idsOf(plans))
    }
    for (const charge of plan.field('charges').items()) checkName('meter', charge.field('meter'), meterIds)
  }
}

function checkUnique(noun: string, things: readonly Cursor[]): void {
  const lines = new Map<string, number>()
  for (const thing of things) {
    const id = thing.field('id')
    if (id.text === undefined) continue
    const line = lines.get(id.text)
    if (line === undefined) lines.set(id.text, id.place.line)
    else id.refuse(`another ${noun} is called ${id.text}, in line ${line}`)
  }
}

function checkFeatureIds(features: Cursor): void {
  for (const [id, feature] of features.fields()) {
    const parsed = parseId(id)
    if ('problem' in parsed) feature.refuseKey(parsed.problem)
  }
}

function checkList(noun: string, list: Cursor, known: readonly string[]): void {
  const seen = new Set<string>()
  for (const item of list.items()) {
    checkName(noun, item, known)
    if (item.text === undefined) continue
    if (seen.has(item.text)) item.refuse(`${item.text} is in the list twice`)
    seen.add(item.text)
  }
}

function checkName(noun: string, name: Cursor, known: readonly string[]): void {
  if (name.text === undefined || known.includes(name.text)) return
  name.refuse(`there is no ${noun} ${JSON.stringify(name.text)}${didYouMean(name.text, known)}`)
}

function idsOf(things: readonly Cursor[]): readonly string[] {
  return things.flatMap((thing) => thing.field('id').text ?? [])
}
