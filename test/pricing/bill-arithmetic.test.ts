import { describe, expect, test } from 'vitest'
import { formatMinor, splitMinor, toMinor } from '../../src/model/money.ts'
import { exactly, sumOf, times } from '../../src/model/rational.ts'
import { creditByConsumption, prorateByTime } from '../../src/pricing/prorate.ts'
import { settle } from '../../src/pricing/settle.ts'
import { taxMinor } from '../../src/pricing/tax.ts'

// Figures that others publish about bills, not about prices: those are in test/golden/published-prices.yaml.

const dollars = (amount: Parameters<typeof toMinor>[0]) => formatMinor(toMinor(amount, 'USD'), 'USD')

describe('a part of a fee', () => {
  test.each([
    { fee: '29', left: 15n, whole: 30n, amount: '14.50', why: 'Zuplo by time: half the month' },
    { fee: '60', left: 14n, whole: 31n, amount: '27.10', why: "Lago's upgrade: 14 of 31 days" },
    { fee: '30', left: 14n, whole: 31n, amount: '13.55', why: 'and the day-fair figure of half of it' },
    { fee: '49', left: 0n, whole: 31n, amount: '0.00', why: 'no day left' },
    { fee: '49', left: 31n, whole: 31n, amount: '49.00', why: 'all of them' },
  ])('$fee for $left of $whole days is $amount: $why', ({ fee, left, whole, amount }) => {
    expect(dollars(prorateByTime(exactly(fee), { left, whole }))).toBe(amount)
  })

  test.each([
    {
      quantity: '7000',
      back: '8.70',
      why: 'Zuplo by consumption: 70 % used, though only half the time is gone',
    },
    { quantity: '1000', back: '14.50', why: 'time is the larger part' },
    { quantity: '25000', back: '0.00', why: 'more than all was used: never less than nothing' },
  ])(
    'after $quantity of 10,000 calls in half the month $back of 29 goes back: $why',
    ({ quantity, back }) => {
      const used = { quantity: exactly(quantity), allowance: exactly('10000') }
      const credit = creditByConsumption(exactly('29'), { time: { left: 15n, whole: 30n }, used })
      expect(dollars(credit)).toBe(back)
    },
  )

  test('the days of a period, wherever it is cut, add up to its fee', () => {
    const parts = [9n, 5n, 17n].map((left) => prorateByTime(exactly('49.99'), { left, whole: 31n }))
    expect(dollars(sumOf(parts))).toBe('49.99')
  })
})

test('tax is rounded once for a rate, not line by line: 0.17 and 4.46 with 20 % are 5.56', () => {
  const lines = [exactly('0.17'), exactly('4.46')]
  const rate = exactly('0.2')
  const net = toMinor(sumOf(lines), 'USD')
  expect(formatMinor(net + taxMinor(lines, rate, 'USD'), 'USD')).toBe('5.56')
  const byLine = lines.map((line) => toMinor(line, 'USD') + toMinor(times(line, rate), 'USD'))
  expect(
    formatMinor(
      byLine.reduce((sum, each) => sum + each, 0n),
      'USD',
    ),
  ).toBe('5.55')
})

test('100.00 in three parts are 33.34, 33.33 and 33.33', () => {
  const parts = splitMinor(10_000n, [1n, 1n, 1n]).map((part) => formatMinor(part, 'USD'))
  expect(parts).toEqual(['33.34', '33.33', '33.33'])
})

describe('what is left to pay', () => {
  const tenPercent = (net: bigint) => net / 10n

  test('Lago: 70 − coupons 10, tax 10 %, − credit note 20 − prepaid 30 leaves 16', () => {
    const bill = { charges: 7000n, coupons: 1000n, taxOf: tenPercent, credits: 2000n, prepaid: 3000n }
    expect(settle(bill)).toEqual({
      net: 6000n,
      tax: 600n,
      gross: 6600n,
      credited: 2000n,
      paid: 3000n,
      due: 1600n,
    })
  })

  test.each([
    {
      coupons: 9000n,
      credits: 0n,
      prepaid: 0n,
      left: { net: 0n, tax: 0n, due: 0n },
      why: 'coupons above the charges',
    },
    {
      coupons: 0n,
      credits: 9000n,
      prepaid: 500n,
      left: { credited: 7700n, paid: 0n, due: 0n },
      why: 'credit above the bill',
    },
    {
      coupons: 0n,
      credits: 7000n,
      prepaid: 5000n,
      left: { credited: 7000n, paid: 700n, due: 0n },
      why: 'prepaid above the rest',
    },
  ])('is never less than nothing: $why', ({ left, why: _, ...bill }) => {
    expect(settle({ charges: 7000n, taxOf: tenPercent, ...bill })).toMatchObject(left)
  })
})
