import { AssertionError, assert } from '../lib/assert.ts'
import type { Charge } from '../model/plan.ts'
import { exactly, over, type Rational, rational } from '../model/rational.ts'
import type { Price, PriceModel, Tier } from './price.ts'

/**
 * Makes exact numbers of a price as it stands in a plan.
 *
 * Asserts its form: what is in a plan was checked on its way in, by `checkPrice` of the configuration.
 */
export function readPrice(written: Charge['price']): Price {
  const fields = new Fields(written)
  return {
    ...readModel(fields),
    included: fields.decimal('included', '0'),
    discount: percent(fields.decimal('discount', '0')),
    maximum: fields.decimalOrNull('maximum'),
    minimum: fields.decimal('minimum', '0'),
  }
}

function readModel(fields: Fields): PriceModel {
  const model = fields.word('model')
  switch (model) {
    case 'per_unit':
      return { model, unit: fields.decimal('unit') }
    case 'package':
      return {
        model,
        size: fields.decimal('size'),
        amount: fields.decimal('amount'),
        rounding: roundingOf(fields),
      }
    case 'graduated':
    case 'tiered':
      return { model: 'graduated', tiers: fields.tiers().map(unitTier) }
    case 'volume':
      return { model, tiers: fields.tiers().map(unitTier) }
    case 'stairstep':
      return { model, tiers: fields.tiers().map(tier) }
    case 'flat':
      return { model, amount: fields.decimal('amount') }
    case 'percentage':
      return {
        model,
        rate: percent(fields.decimal('rate')),
        fixed: fields.decimal('fixed', '0'),
        freeEvents: fields.countOrNull('free_events'),
        freeAmount: fields.decimalOrNull('free_amount'),
        min: fields.decimalOrNull('min'),
        max: fields.decimalOrNull('max'),
      }
    case 'graduated_percentage':
      return {
        model,
        tiers: fields.tiers().map((each) => ({ ...tier(each), rate: percent(each.decimal('rate', '0')) })),
      }
    default:
      throw new AssertionError('the model of a price is one that there is')
  }
}

function roundingOf(fields: Fields): 'up' | 'down' {
  return fields.word('rounding', 'up') === 'down' ? 'down' : 'up'
}

function tier(fields: Fields): Tier {
  return { upTo: fields.decimalOrNull('up_to'), flat: fields.decimal('flat', '0') }
}

function unitTier(fields: Fields) {
  return { ...tier(fields), unit: fields.decimal('unit', '0') }
}

/** 1.3 % is the part 0.013. */
function percent(written: Rational): Rational {
  return over(written, HUNDRED)
}

const HUNDRED = rational(100n)

/** The fields of a price or of a tier, each in its form. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields
  }

  word(name: string, otherwise?: string): string {
    const value = this.#value(name) ?? otherwise
    assert(typeof value === 'string', `${name} of a price is a text`)
    return value
  }

  decimal(name: string, otherwise?: string): Rational {
    return exactly(this.word(name, otherwise))
  }

  decimalOrNull(name: string): Rational | null {
    return this.#value(name) === undefined ? null : this.decimal(name)
  }

  countOrNull(name: string): number | null {
    const value = this.#value(name)
    assert(value === undefined || typeof value === 'number', `${name} of a price is a number`)
    return value ?? null
  }

  tiers(): readonly Fields[] {
    const tiers = this.#value('tiers')
    assert(Array.isArray(tiers) && tiers.length > 0, 'a price with tiers has one')
    return tiers.map((each) => new Fields({ ...each }))
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined
  }
}
