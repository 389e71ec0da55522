import { describe, expect, test } from 'vitest'
import { formatMinor } from '../../src/model/money.ts'
import { exactly, formatExactly } from '../../src/model/rational.ts'
import { dueMinor, priceUsage } from '../../src/pricing/price-usage.ts'
import { readPrice } from '../../src/pricing/read-price.ts'

/** What a bill comes to, and its rows as `part amount`. */
function bill(price: object, quantity: string, rest: { previous?: string; isLast?: boolean } = {}) {
  const { previous, isLast } = rest
  const priced = priceUsage(readPrice({ ...price }), {
    quantity: exactly(quantity),
    ...(previous !== undefined && { previous: exactly(previous) }),
    isLast,
  })
  return {
    amount: formatMinor(dueMinor(priced, 'USD'), 'USD'),
    rows: priced.lines.map(({ part, amount }) => `${part} ${formatExactly(amount)}`),
  }
}

const UNIT = { model: 'per_unit', unit: '1' }

describe('the terms come in their order', () => {
  test('included units first: what is charged is what is above them', () => {
    expect(bill({ ...UNIT, included: '10' }, '12')).toEqual({
      amount: '2.00',
      rows: ['included 0', 'units 2'],
    })
    expect(bill({ ...UNIT, included: '10' }, '7').amount).toBe('0.00')
  })

  test('included units decide the tier as well', () => {
    const tiers = [
      { up_to: '5', unit: '7' },
      { up_to: null, unit: '6' },
    ]
    expect(bill({ model: 'volume', tiers, included: '10' }, '15').amount).toBe('35.00')
  })

  test('then the discount on the price, then the maximum on what is left of it', () => {
    const price = { ...UNIT, included: '10', discount: '25', maximum: '60' }
    expect(bill(price, '110')).toEqual({
      amount: '60.00',
      rows: ['included 0', 'units 100', 'discount -25', 'maximum -15'],
    })
    expect(bill(price, '50').amount).toBe('30.00')
  })

  test('last the minimum, as a row of its own', () => {
    const price = { ...UNIT, discount: '50', minimum: '20' }
    expect(bill(price, '30')).toEqual({ amount: '20.00', rows: ['units 30', 'discount -15', 'minimum 5'] })
    expect(bill(price, '40')).toEqual({ amount: '20.00', rows: ['units 40', 'discount -20'] })
  })

  test('all of it may be taken off', () => {
    expect(bill({ ...UNIT, discount: '100' }, '5').amount).toBe('0.00')
  })
})

describe('a later bill of the same period', () => {
  test('bills the price of all less what was billed, never the price of what is new', () => {
    const packages = { model: 'package', size: '10', amount: '3' }
    expect(bill(packages, '5', { previous: '17' })).toEqual({
      amount: '3.00',
      rows: ['packages 9', 'billed -6'],
    })
    expect(bill(packages, '3', { previous: '17' }).amount).toBe('0.00')
  })

  test('stops at the maximum of the period', () => {
    const price = { ...UNIT, maximum: '170' }
    expect(bill(price, '22', { previous: '160' }).amount).toBe('10.00')
    expect(bill(price, '1', { previous: '182' }).amount).toBe('0.00')
  })

  test('has the included units once', () => {
    expect(bill({ ...UNIT, included: '10' }, '5', { previous: '8' }).amount).toBe('3.00')
  })

  test('does not charge a fee again', () => {
    expect(bill({ model: 'flat', amount: '49' }, '0', { previous: '0' }).amount).toBe('0.00')
    const tiers = [
      { up_to: '10', flat: '5', unit: '0' },
      { up_to: null, unit: '1' },
    ]
    expect(bill({ model: 'graduated', tiers }, '12', { previous: '0' }).amount).toBe('2.00')
    expect(bill({ model: 'graduated', tiers }, '12').amount).toBe('7.00')
  })

  test('gives back where more costs less', () => {
    const tiers = [
      { up_to: '100', unit: '2', flat: '10' },
      { up_to: null, unit: '1' },
    ]
    expect(bill({ model: 'volume', tiers }, '0.5', { previous: '100' }).amount).toBe('-109.50')
  })

  test('settles the minimum only when it is the last', () => {
    const price = { ...UNIT, minimum: '100' }
    expect(bill(price, '30', { isLast: false }).amount).toBe('30.00')
    expect(bill(price, '20', { previous: '30' })).toEqual({
      amount: '70.00',
      rows: ['units 50', 'billed -30', 'minimum 50'],
    })
  })

  test('rounds so that the bills add up to one bill', () => {
    const price = { model: 'per_unit', unit: '0.005' }
    const bills = [
      bill(price, '1', { isLast: false }).amount,
      bill(price, '1', { previous: '1', isLast: false }).amount,
      bill(price, '1', { previous: '2' }).amount,
    ]
    expect(bills).toEqual(['0.01', '0.00', '0.01'])
    expect(bill(price, '3').amount).toBe('0.02')
  })
})
