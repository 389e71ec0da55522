import fc from 'fast-check'
import { expect, test } from 'vitest'
import { currencyDigits } from '../../src/model/currency.ts'
import { quote } from '../../src/pricing/quote.ts'
import { MODEL_NAMES, pricedUsage } from './random-prices.ts'
import { referenceAmount } from './reference-price.ts'

/** 100,000 and more with GATEZ_PRICE_CASES=100000. */
const CASES = Number(process.env.GATEZ_PRICE_CASES ?? 3_000)

test(`a second way to calculate comes to the same amount, in ${CASES} random cases`, {
  timeout: 600_000,
}, () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(pricedUsage, fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), ({ price, usage }, currency) => {
      const { amount } = quote({
        ...{ id: 'random', note: null, expect: null, currency, price },
        quantity: usage.quantity,
        previousQuantity: usage.previous,
        events: usage.events,
      })
      expect(amount).toBe(referenceAmount(price, usage, currencyDigits(currency)))
      seen.set(price.model, (seen.get(price.model) ?? 0) + 1)
    }),
    { numRuns: CASES },
  )
  expect([...seen.keys()].sort()).toEqual([...MODEL_NAMES].sort())
})
