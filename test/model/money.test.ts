import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currencies, currencyDigits, isCurrency } from '../../src/model/currency.ts'
import { formatMinor, splitMinor, toMinor } from '../../src/model/money.ts'
import { exactly } from '../../src/model/rational.ts'

describe('currencies', () => {
  test.each([
    { code: 'USD', digits: 2, why: 'cents' },
    { code: 'JPY', digits: 0, why: 'no smaller unit' },
    { code: 'KWD', digits: 3, why: 'a thousand fils' },
    { code: 'CLF', digits: 4, why: 'a unit of account' },
    { code: 'IQD', digits: 3, why: 'the law says so, though Intl shows none' },
    { code: 'HUF', digits: 2, why: 'nobody has fillér any more, but the law does' },
  ])('$code has $digits digits: $why', ({ code, digits }) => {
    expect(currencyDigits(code)).toBe(digits)
  })

  test.each(['usd', 'EURO', '', 'XXX', 'XAU', 'DEM', 'US$'])(
    '%j is none that bills are written in',
    (code) => {
      expect(isCurrency(code)).toBe(false)
    },
  )

  test('all of them are codes of three letters, each once', () => {
    expect(currencies().filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([])
    expect(currencies().length).toBeGreaterThan(150)
  })
})

test.each([
  { amount: '286', currency: 'USD', text: '286.00', why: 'all digits are shown' },
  { amount: '0.005', currency: 'USD', text: '0.01', why: 'half a cent is a cent' },
  { amount: '-0.05', currency: 'EUR', text: '-0.05', why: 'a credit' },
  { amount: '-0.004', currency: 'EUR', text: '0.00', why: 'nothing has no sign' },
  { amount: '286.5', currency: 'JPY', text: '287', why: 'no places' },
  { amount: '0.0005', currency: 'BHD', text: '0.001', why: 'three places' },
  {
    amount: '123456789012345678901234.5',
    currency: 'USD',
    text: '123456789012345678901234.50',
    why: 'any size',
  },
])('$amount $currency is $text: $why', ({ amount, currency, text }) => {
  expect(formatMinor(toMinor(exactly(amount), currency), currency)).toBe(text)
})

describe('sharing an amount', () => {
  test.each([
    { minor: 10_000n, weights: [1n, 1n, 1n], parts: [3334n, 3333n, 3333n], why: '100.00 by three' },
    { minor: 100n, weights: [1n, 2n], parts: [33n, 67n], why: 'who lost most gets the cent' },
    { minor: -10_000n, weights: [1n, 1n, 1n], parts: [-3334n, -3333n, -3333n], why: 'a credit' },
    { minor: 5n, weights: [0n, 1n], parts: [0n, 5n], why: 'no weight, no part' },
    { minor: 5n, weights: [0n, 0n], parts: [5n, 0n], why: 'nobody used anything: the first has it' },
    { minor: 0n, weights: [], parts: [], why: 'nothing among nobody' },
  ])('$minor by $weights: $why', ({ minor, weights, parts }) => {
    expect(splitMinor(minor, weights)).toEqual(parts)
  })

  test('parts add up, follow their weights, and are less than a unit from their exact share', () => {
    const weight = fc.bigInt({ min: 0n, max: 10n ** 30n })
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.array(weight, { minLength: 1, maxLength: 20 }),
        (minor, weights) => {
          const parts = splitMinor(minor, weights)
          const total = weights.reduce((sum, each) => sum + each, 0n)
          expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(minor)
          if (total === 0n) return
          for (const [index, part] of parts.entries()) {
            const off = part * total - minor * weights[index]!
            expect(off < total && -off < total).toBe(true)
          }
        },
      ),
    )
  })
})
