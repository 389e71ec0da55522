import fc from 'fast-check'
import { exactly } from '../../src/model/rational.ts'
import type { ReferenceUsage, WrittenPrice } from './reference-price.ts'

/** A decimal of at most so many digits before and after the point; round ones are as likely as odd ones. */
export function decimal(wholeDigits: number, places: number): fc.Arbitrary<string> {
  const exact = fc
    .tuple(
      fc.bigInt({ min: 0n, max: 10n ** BigInt(wholeDigits) }),
      fc.bigInt({ min: 0n, max: 10n ** BigInt(places) - 1n }),
    )
    .map(([whole, fraction]) => `${whole}.${fraction.toString().padStart(places, '0')}`)
  const plain = fc.nat(1_000).map(String)
  const half = fc.nat(200).map((count) => `${Math.floor(count / 2)}.${count % 2 === 0 ? '0' : '5'}`)
  return fc.oneof(exact, plain, half)
}

const money = decimal(3, 12)
const quantity = decimal(4, 15)
const rate = decimal(1, 12)

/** Ends of tiers in order, the last without one. */
const ends = fc
  .uniqueArray(quantity, {
    minLength: 0,
    maxLength: 5,
    selector: (text) => exactly(text).numerator * (10n ** 15n / exactly(text).denominator),
  })
  .map((found) => [...found.sort((one, other) => Number(difference(one, other))), null])

function difference(one: string, other: string): bigint {
  const scale = (text: string) => (exactly(text).numerator * 10n ** 15n) / exactly(text).denominator
  const between = scale(one) - scale(other)
  return between < 0n ? -1n : between > 0n ? 1n : 0n
}

function tiers(fields: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<readonly object[]> {
  return ends.chain((list) =>
    fc.tuple(...list.map((up_to) => fc.record({ up_to: fc.constant(up_to), ...fields }))),
  )
}

const unitTiers = tiers({ unit: money, flat: fc.oneof(fc.constant('0'), money) })
const above0 = quantity.filter((text) => exactly(text).numerator > 0n)

const least = fc.option(money, { nil: undefined })

const MODELS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  flat: fc.record({ amount: money }),
  per_unit: fc.record({ unit: money }),
  package: fc.record({ size: above0, amount: money, rounding: fc.constantFrom('up', 'down', undefined) }),
  graduated: fc.record({ tiers: unitTiers }),
  tiered: fc.record({ tiers: unitTiers }),
  volume: fc.record({ tiers: unitTiers }),
  stairstep: fc.record({ tiers: tiers({ flat: money }) }),
  percentage: fc.record({
    rate,
    fixed: least,
    free_events: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    free_amount: fc.option(above0, { nil: undefined }),
    eventLimits: fc.option(fc.tuple(money, money), { nil: undefined }),
  }),
  graduated_percentage: fc.record({ tiers: tiers({ rate, flat: money }) }),
}

const percent = fc.oneof(
  fc.nat(100).map(String),
  fc.nat(10 ** 9).map((places) => `${places % 100}.${String(places).padStart(12, '0')}`),
)

const terms = fc.record({
  discount: fc.option(percent, { nil: undefined }),
  included: fc.option(quantity, { nil: undefined }),
  limits: fc.option(fc.tuple(money, money), { nil: undefined }),
  limited: fc.constantFrom('minimum', 'maximum', 'both', 'neither'),
})

/** Any price of a model, as it stands in a file. */
export function priceOf(model: string): fc.Arbitrary<WrittenPrice> {
  return fc.tuple(MODELS[model]!, terms).map(([fields, { discount, included, limits, limited }]) => {
    const [low, high] = [...(limits ?? ['0', '0'])].sort((one, other) => Number(difference(one, other)))
    const price: WrittenPrice = {
      model,
      ...withEventLimits(fields),
      ...(model !== 'flat' && model !== 'percentage' && { included }),
      discount,
      minimum: limits !== undefined && limited !== 'maximum' && limited !== 'neither' ? low : undefined,
      maximum: limits !== undefined && limited !== 'minimum' && limited !== 'neither' ? high : undefined,
    }
    return Object.fromEntries(Object.entries(price).filter(([, value]) => value !== undefined))
  })
}

/** Of two amounts the smaller is the least of an event, the larger the most. */
function withEventLimits({ eventLimits, ...fields }: any): object {
  if (eventLimits === undefined) return fields
  const [min, max] = [...eventLimits].sort((one, other) => Number(difference(one, other)))
  return { ...fields, min, max }
}

/** The names of all models. */
export const MODEL_NAMES = Object.keys(MODELS)

/** A price and something used at it. */
export const pricedUsage: fc.Arbitrary<{ readonly price: WrittenPrice; readonly usage: ReferenceUsage }> = fc
  .constantFrom(...MODEL_NAMES)
  .chain((model) =>
    fc.tuple(priceOf(model), quantity, fc.option(quantity), fc.array(quantity, { maxLength: 6 })),
  )
  .map(([price, amount, previous, amounts]) => {
    const isOfEvents =
      price.model === 'percentage' && ['fixed', 'free_events', 'min', 'max'].some((name) => name in price)
    const usage = isOfEvents
      ? { quantity: sumText(amounts), previous: null, events: amounts }
      : { quantity: amount, previous, events: null }
    return { price, usage }
  })

function sumText(amounts: readonly string[]): string {
  const femtos = amounts.reduce((sum, text) => {
    const { numerator, denominator } = exactly(text)
    return sum + (numerator * 10n ** 15n) / denominator
  }, 0n)
  const text = femtos.toString().padStart(16, '0')
  return `${text.slice(0, -15)}.${text.slice(-15)}`
}
