import { didYouMean } from '../lib/closest.ts'
import { compareQuantities } from '../model/quantity.ts'
import { checkAmount } from './check-amount.ts'
import type { Cursor } from './cursor.ts'
import { PRICE_MODELS, PRICE_TERMS, type PriceFields, TIER_FIELDS } from './price-fields.ts'

/**
 * Checks a price: a known model, its fields, decimals as texts, tiers in order.
 *
 * Decimals are texts because a YAML number is a binary fraction: 0.1 would not be 0.1. What passes can be
 * calculated with as it stands.
 */
export function checkPrice(price: Cursor): void {
  if (!price.isMap) return
  const model = price.field('model')
  const known = modelFields(model.text ?? '')
  if (model.value === undefined) price.refuse('lacks the field model')
  else if (known === undefined) {
    const names = Object.keys(PRICE_MODELS)
    model.refuse(
      `must be ${names.join(', ')}, is ${JSON.stringify(model.value)}${didYouMean(String(model.value), names)}`,
    )
  }
  if (known === undefined) return
  checkFields(price, { ...PRICE_TERMS, ...known }, ['model'])
  checkTiers(price.field('tiers'), model.text ?? '')
  checkTerms(price, model.text ?? '')
}

/** The fields of a model beside those of any price; undefined where there is no such model. */
export function modelFields(model: string): PriceFields | undefined {
  return Object.hasOwn(PRICE_MODELS, model) ? PRICE_MODELS[model] : undefined
}

/** `also` are fields that are checked elsewhere. */
function checkFields(map: Cursor, known: PriceFields, also: readonly string[] = []): void {
  const names = [...also, ...Object.keys(known)]
  for (const [name, value] of map.fields()) {
    const field = Object.hasOwn(known, name) ? known[name] : undefined
    if (field !== undefined) checkAmount(value, field.kind)
    else if (!also.includes(name)) value.refuseKey(`unknown field ${name}${didYouMean(name, names)}`)
  }
  for (const [name, { kind, needed }] of Object.entries(known)) {
    if (!needed || map.field(name).value !== undefined) continue
    map.refuse(
      kind === 'up_to' ? 'lacks the field up_to; the last tier says up_to: null' : `lacks the field ${name}`,
    )
  }
}

function checkTiers(tiers: Cursor, model: string): void {
  const known = TIER_FIELDS[model]
  if (known === undefined || tiers.value === undefined) return
  if (tiers.items().length === 0) tiers.refuse('must be a list of at least one tier')
  for (const tier of tiers.items()) {
    if (!tier.isMap) tier.refuse('must be a map such as { up_to: "10000", unit: "0.01" }')
    else {
      checkFields(tier, known)
      checkPriced(tier, known)
    }
  }
  checkOrder(tiers, model)
}

/** A tier that says no price would be free by mistake. */
function checkPriced(tier: Cursor, known: PriceFields): void {
  const prices = Object.keys(known).filter((name) => name !== 'up_to')
  if (prices.some((name) => tier.field(name).value !== undefined || known[name]?.needed === true)) return
  tier.refuse(`lacks its price: ${prices.join(', ')} or both; a free tier says "0"`)
}

function checkOrder(tiers: Cursor, model: string): void {
  const ends = tiers.items().map((tier) => tier.field('up_to'))
  let before: string | undefined
  for (const [index, end] of ends.entries()) {
    const isLast = index === ends.length - 1
    if (end.value === null && !isLast) end.refuse('is null, but only the last tier has no end')
    if (end.text === undefined || !DECIMAL.test(end.text)) continue
    if (before !== undefined && compareQuantities(end.text, before) <= 0) {
      end.refuse(`must be above ${before}, where the tier before ends, is ${JSON.stringify(end.text)}`)
    } else if (isLast && model !== 'stairstep') {
      end.refuse('must be null in the last tier, so that there is a price for any quantity')
    }
    before = end.text
  }
}

const DECIMAL = /^\d{1,24}(?:\.\d{1,15})?$/

/** What does not go together. */
function checkTerms(price: Cursor, model: string): void {
  const included = price.field('included')
  if (included.value !== undefined && model === 'flat') {
    included.refuse('has no meaning beside flat, which does not look at the quantity')
  }
  if (included.value !== undefined && model === 'percentage') {
    included.refuse('has no meaning beside percentage: say free_amount or free_events')
  }
  for (const [low, high] of [
    ['minimum', 'maximum'],
    ['min', 'max'],
  ] as const) {
    const [least, most] = [price.field(low).text ?? '', price.field(high).text ?? '']
    if (!DECIMAL.test(least) || !DECIMAL.test(most) || compareQuantities(least, most) <= 0) continue
    price.field(low).refuse(`is above ${high}, which is ${most}`)
  }
}
