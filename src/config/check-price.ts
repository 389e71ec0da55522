import { didYouMean } from '../lib/closest.ts'
import type { Cursor } from './cursor.ts'
import { parseDecimal } from './values.ts'

/**
 * Checks the form of a price: a known model, its fields, and decimals as texts.
 *
 * Decimals are texts because a YAML number is a binary fraction: 0.1 would not be 0.1.
 */
export function checkPrice(price: Cursor): void {
  if (price.fields().length === 0) return
  const model = price.field('model')
  const known = MODEL_FIELDS[model.text ?? '']
  if (model.value === undefined) price.refuse('lacks the field model')
  else if (known === undefined) {
    const names = Object.keys(MODEL_FIELDS)
    model.refuse(
      `must be ${names.join(', ')}, is ${JSON.stringify(model.value)}${didYouMean(String(model.value), names)}`,
    )
  }
  checkFields(price, known)
}

const COMMON_FIELDS = ['model', 'included', 'minimum', 'maximum', 'discount']

const MODEL_FIELDS: Readonly<Record<string, readonly string[]>> = {
  per_unit: ['unit'],
  package: ['size', 'amount', 'rounding'],
  graduated: ['tiers'],
  tiered: ['tiers'],
  volume: ['tiers'],
  stairstep: ['tiers'],
  flat: ['amount'],
  percentage: ['rate', 'fixed', 'free_events', 'free_amount', 'min', 'max'],
  graduated_percentage: ['tiers'],
}

const TIER_FIELDS = ['up_to', 'unit', 'flat', 'rate']
const WORD_FIELDS = ['model', 'rounding']

function checkFields(price: Cursor, modelFields: readonly string[] | undefined): void {
  for (const [name, value] of price.fields()) {
    if (modelFields !== undefined && ![...COMMON_FIELDS, ...modelFields].includes(name)) {
      value.refuseKey(`unknown field ${name}${didYouMean(name, [...COMMON_FIELDS, ...modelFields])}`)
    } else if (name === 'tiers') checkTiers(value)
    else if (name === 'free_events') checkCount(value)
    else if (!WORD_FIELDS.includes(name) && name !== 'discount') checkDecimal(value)
  }
  for (const name of modelFields ?? []) {
    const isNeeded = !OPTIONAL_FIELDS.includes(name)
    if (isNeeded && price.field(name).value === undefined) price.refuse(`lacks the field ${name}`)
  }
}

const OPTIONAL_FIELDS = ['rounding', 'fixed', 'free_events', 'free_amount', 'min', 'max']

function checkTiers(tiers: Cursor): void {
  if (tiers.items().length === 0) tiers.refuse('must be a list of at least one tier')
  for (const tier of tiers.items()) {
    if (tier.fields().length === 0) tier.refuse('must be a map such as { up_to: "10000", unit: "0.01" }')
    for (const [name, value] of tier.fields()) {
      if (!TIER_FIELDS.includes(name))
        value.refuseKey(`unknown field ${name}${didYouMean(name, TIER_FIELDS)}`)
      else if (name !== 'up_to' || value.value !== null) checkDecimal(value)
    }
    if (tier.fields().length > 0 && tier.field('up_to').value === undefined) {
      tier.refuse('lacks the field up_to; the last tier says up_to: null')
    }
  }
}

function checkCount(count: Cursor): void {
  if (!Number.isSafeInteger(count.value) || Number(count.value) < 0)
    count.refuse('must be a whole number, 0 or more')
}

function checkDecimal(decimal: Cursor): void {
  if (typeof decimal.value === 'number')
    decimal.refuse(`must be in quotes, as "${decimal.value}", to stay exact`)
  else if (decimal.text === undefined) decimal.refuse('must be a decimal in quotes, as "0.0005"')
  else {
    const parsed = parseDecimal(decimal.text)
    if ('problem' in parsed) decimal.refuse(parsed.problem)
  }
}
