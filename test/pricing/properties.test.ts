import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toMinor } from '../../src/model/money.ts'
import {
  compare,
  exactly,
  larger,
  minus,
  plus,
  type Rational,
  rational,
  sumOf,
  ZERO,
} from '../../src/model/rational.ts'
import { allowanceOf, withAllowance } from '../../src/pricing/allowance.ts'
import { dueMinor, priceUsage, unpriceable } from '../../src/pricing/price-usage.ts'
import { readPrice } from '../../src/pricing/read-price.ts'
import { decimal, MODEL_NAMES, pricedUsage, priceOf } from './random-prices.ts'

/** Percentages of single events are another matter: their order counts. */
const priceOfSums = fc
  .constantFrom(...MODEL_NAMES)
  .chain(priceOf)
  .map((written) => readPrice(written))
  .filter((price) => unpriceable(price, { quantity: ZERO }) === undefined)

const parts = fc.array(decimal(3, 15).map(exactly), { minLength: 1, maxLength: 6 })

describe('of any price', () => {
  test('the rows of a bill add up to it, exactly', () => {
    fc.assert(
      fc.property(pricedUsage, ({ price, usage: { quantity, previous, events } }) => {
        const { lines, exact } = priceUsage(readPrice(price), {
          quantity: exactly(quantity),
          previous: previous === null ? undefined : exactly(previous),
          events: events?.map(exactly),
        })
        expect(sumOf(lines.map(({ amount }) => amount))).toEqual(exact)
      }),
    )
  })

  test('bills that cut a period anywhere add up to one bill at its end, to the cent', () => {
    fc.assert(
      fc.property(priceOfSums, parts, fc.constantFrom('USD', 'JPY', 'KWD'), (price, quantities, currency) => {
        let previous: Rational | undefined
        let billed = 0n
        for (const [index, quantity] of quantities.entries()) {
          const isLast = index === quantities.length - 1
          billed += dueMinor(priceUsage(price, { quantity, previous, isLast }), currency)
          previous = plus(previous ?? ZERO, quantity)
        }
        const whole = priceUsage(price, { quantity: sumOf(quantities) })
        expect(billed).toBe(toMinor(whole.exact, currency))
      }),
    )
  })

  test('order and batching of quantities do not matter, and those of events only to a percentage', () => {
    fc.assert(
      fc.property(priceOfSums, parts, (price, quantities) => {
        fc.pre(price.model !== 'percentage')
        const usage = { quantity: sumOf(quantities), events: quantities }
        const turned = { quantity: sumOf(quantities.toReversed()), events: quantities.toReversed() }
        expect(priceUsage(price, usage).exact).toEqual(priceUsage(price, turned).exact)
        expect(priceUsage(price, { quantity: usage.quantity }).exact).toEqual(priceUsage(price, usage).exact)
      }),
    )
  })

  test('a bill is never below the minimum, and usage never above the maximum', () => {
    fc.assert(
      fc.property(priceOfSums, decimal(4, 15).map(exactly), (price, quantity) => {
        const { exact, soFar } = priceUsage(price, { quantity })
        expect(compare(exact, price.minimum)).toBeGreaterThanOrEqual(0)
        if (price.maximum !== null) expect(compare(soFar, price.maximum)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('a smaller allowance', () => {
  test('charges nothing at zero use that the whole one does not charge', () => {
    const flat = fc.constantFrom('0', '5')
    const tiers = fc.tuple(fc.nat(100), flat, flat).map(([free, first, second]) => [
      { up_to: String(free), unit: '0', flat: first },
      { up_to: String(free + 50), unit: '0.01', flat: second },
      { up_to: null, unit: '0.02', flat: '7' },
    ])
    fc.assert(
      fc.property(tiers, fc.nat(20), fc.nat(120), (written, included, used) => {
        const price = readPrice({ model: 'graduated', tiers: written, included: String(included) })
        const whole = allowanceOf(price)
        const left = larger(ZERO, minus(whole, rational(BigInt(used))))
        const atZero = priceUsage(withAllowance(price, left), { quantity: ZERO })
        expect(atZero.exact).toEqual(priceUsage(price, { quantity: ZERO }).exact)
      }),
    )
  })
})

describe('one more unit', () => {
  const NEVER_LESS = ['per_unit', 'package', 'graduated', 'percentage', 'graduated_percentage', 'flat']

  test.each(NEVER_LESS)('never costs less with %s', (model) => {
    fc.assert(
      fc.property(
        priceOf(model),
        decimal(4, 15).map(exactly),
        decimal(2, 15).map(exactly),
        (written, from, more) => {
          const { fixed: _, free_events: __, min: ___, max: ____, ...ofSums } = written
          const price = readPrice(ofSums)
          const [less, all] = [from, plus(from, more)].map(
            (quantity) => priceUsage(price, { quantity }).exact,
          )
          expect(compare(less!, all!)).toBeLessThanOrEqual(0)
        },
      ),
    )
  })

  test('costs what its tier says, with graduated', () => {
    const tiers = [
      { up_to: '1000', unit: '0.10' },
      { up_to: '10000', unit: '0.05' },
      { up_to: null, unit: '0.01' },
    ]
    const price = readPrice({ model: 'graduated', tiers })
    fc.assert(
      fc.property(fc.nat(20_000), (used) => {
        const [before, after] = [used, used + 1].map(
          (count) => priceUsage(price, { quantity: rational(BigInt(count)) }).exact,
        )
        const unit = used < 1_000 ? '0.10' : used < 10_000 ? '0.05' : '0.01'
        expect(minus(after!, before!)).toEqual(exactly(unit))
      }),
    )
  })
})
