import { describe, expect, test } from 'vitest'
import { quote } from '../../src/pricing/quote.ts'

/** What a quantity costs at a price, exactly. */
function exact(price: object, quantity: string, events: readonly string[] | null = null): string {
  const request = { id: 'test', note: null, currency: 'USD', expect: null, previousQuantity: null }
  return quote({ ...request, price: { ...price }, quantity, events }).exact
}

describe('per_unit', () => {
  test.each([
    { quantity: '0', costs: '0', why: 'nothing used' },
    { quantity: '47200', costs: '47.2', why: 'each at the same price' },
    { quantity: '0.000000000000001', costs: '0.000000000000000001', why: 'nothing is rounded on the way' },
    { quantity: '999999999999999999999999', costs: '999999999999999999999.999', why: 'however much it is' },
  ])('$quantity cost $costs: $why', ({ quantity, costs }) => {
    expect(exact({ model: 'per_unit', unit: '0.001' }, quantity)).toBe(costs)
  })
})

describe('package', () => {
  const price = { model: 'package', size: '1000', amount: '10' }
  test.each([
    { quantity: '0', up: '0', down: '0', why: 'no package begun' },
    { quantity: '0.5', up: '10', down: '0', why: 'one begun' },
    { quantity: '1000', up: '10', down: '10', why: 'exactly one' },
    { quantity: '1000.000000000000001', up: '20', down: '10', why: 'the least bit of a second' },
    { quantity: '1999', up: '20', down: '10', why: 'almost two' },
  ])('$quantity cost $up, rounded down $down: $why', ({ quantity, up, down }) => {
    expect(exact(price, quantity)).toBe(up)
    expect(exact({ ...price, rounding: 'up' }, quantity)).toBe(up)
    expect(exact({ ...price, rounding: 'down' }, quantity)).toBe(down)
  })

  test('a package may be smaller than a unit', () => {
    expect(exact({ model: 'package', size: '0.3', amount: '1' }, '1')).toBe('4')
  })
})

const TIERS = [
  { up_to: '10', unit: '2', flat: '5' },
  { up_to: '20', unit: '1', flat: '3' },
  { up_to: null, unit: '0.5' },
]

describe('graduated', () => {
  test.each([
    { quantity: '0', costs: '5', why: 'the flat amount of the first tier' },
    { quantity: '10', costs: '25', why: 'the end belongs to the tier' },
    {
      quantity: '10.000000000000001',
      costs: '28.000000000000001',
      why: 'the next flat amount with the least bit',
    },
    { quantity: '20', costs: '38', why: 'two tiers full' },
    { quantity: '30', costs: '43', why: 'the last has no end' },
  ])('$quantity cost $costs: $why', ({ quantity, costs }) => {
    expect(exact({ model: 'graduated', tiers: TIERS }, quantity)).toBe(costs)
    expect(exact({ model: 'tiered', tiers: TIERS }, quantity)).toBe(costs)
  })

  test('a first tier up to 0 charges nothing at no use, and its price from the least use on', () => {
    const tiers = [
      { up_to: '0', flat: '0' },
      { up_to: null, unit: '1', flat: '5' },
    ]
    expect(exact({ model: 'graduated', tiers }, '0')).toBe('0')
    expect(exact({ model: 'graduated', tiers }, '1')).toBe('6')
  })
})

describe('volume', () => {
  test.each([
    { quantity: '0', costs: '5', why: 'the flat amount of the first tier' },
    { quantity: '10', costs: '25', why: 'the end belongs to the tier' },
    { quantity: '11', costs: '14', why: 'all units at the price of the second: the cliff' },
    { quantity: '30', costs: '15', why: 'the last has no end' },
  ])('$quantity cost $costs: $why', ({ quantity, costs }) => {
    expect(exact({ model: 'volume', tiers: TIERS }, quantity)).toBe(costs)
  })
})

describe('stairstep', () => {
  const bands = {
    model: 'stairstep',
    tiers: [
      { up_to: '100', flat: '75' },
      { up_to: '200', flat: '100' },
    ],
  }
  test.each([
    { quantity: '0', costs: '75', why: 'the first band holds 0' },
    { quantity: '100', costs: '75', why: 'the end belongs to the band' },
    { quantity: '100.5', costs: '100', why: 'the next band' },
    { quantity: '200', costs: '100', why: 'the last that has a price' },
  ])('$quantity cost $costs: $why', ({ quantity, costs }) => {
    expect(exact(bands, quantity)).toBe(costs)
  })

  test('above the last band there is no price, unless it has no end', () => {
    expect(() => exact(bands, '200.1')).toThrow(
      'quantity comes to 200.1, above the last tier, which ends at 200',
    )
    expect(exact({ ...bands, tiers: [...bands.tiers, { up_to: null, flat: '120' }] }, '9999')).toBe('120')
  })
})

test('flat costs the same whatever the quantity', () => {
  for (const quantity of ['0', '1', '1000000'])
    expect(exact({ model: 'flat', amount: '49.00' }, quantity)).toBe('49')
})

describe('percentage', () => {
  const costs = (price: object, events: readonly string[]) =>
    exact(
      { model: 'percentage', rate: '10', ...price },
      String(events.reduce((sum, each) => sum + Number(each), 0)),
      events,
    )

  test.each([
    { price: {}, events: [], amount: '0', why: 'no event' },
    { price: { fixed: '1' }, events: ['100', '50'], amount: '17', why: '10 + 1 and 5 + 1' },
    { price: { fixed: '1' }, events: ['0'], amount: '1', why: 'an event of nothing has the fixed amount' },
    { price: { fixed: '1', free_events: 1 }, events: ['100', '50'], amount: '6', why: 'the first is free' },
    {
      price: { fixed: '1', free_events: 1 },
      events: ['50', '100'],
      amount: '11',
      why: 'so their order matters',
    },
    {
      price: { fixed: '1', free_amount: '100' },
      events: ['100', '50'],
      amount: '6',
      why: 'covered whole: no fixed amount',
    },
    {
      price: { fixed: '1', free_amount: '99' },
      events: ['100', '50'],
      amount: '7.1',
      why: 'the rest of the first',
    },
    {
      price: { fixed: '1', free_amount: '100' },
      events: ['100', '0'],
      amount: '1',
      why: 'used up: even nothing is charged',
    },
    {
      price: { free_amount: '100', free_events: 1 },
      events: ['30', '30'],
      amount: '3',
      why: 'the number ends first',
    },
    {
      price: { free_amount: '40', free_events: 9 },
      events: ['30', '30'],
      amount: '2',
      why: 'the amount ends first',
    },
    {
      price: { min: '2', max: '4' },
      events: ['1', '30', '99'],
      amount: '9',
      why: 'a least and a most for each event',
    },
    {
      price: { fixed: '1', max: '4' },
      events: ['99'],
      amount: '4',
      why: 'the fixed amount is under the most',
    },
    { price: { min: '2', free_events: 1 }, events: ['5'], amount: '0', why: 'free is free' },
  ])('$price of $events is $amount: $why', ({ price, events, amount }) => {
    expect(costs(price, events)).toBe(amount)
  })

  test('a sum is enough where single events do not matter', () => {
    expect(exact({ model: 'percentage', rate: '1.3' }, '800')).toBe('10.4')
    expect(exact({ model: 'percentage', rate: '1.3', free_amount: '250' }, '800')).toBe('7.15')
    expect(exact({ model: 'percentage', rate: '1.3', free_amount: '250' }, '100')).toBe('0')
  })

  test.each([{ fixed: '2' }, { free_events: 3 }, { min: '1' }, { max: '9' }])(
    'with %j a sum is not enough',
    (more) => {
      const asked = () => exact({ model: 'percentage', rate: '1.3', ...more }, '800')
      expect(asked).toThrow('fixed, free_events, min and max are about single events: give events')
    },
  )
})

describe('graduated_percentage', () => {
  const tiers = [
    { up_to: '1000', rate: '2', flat: '10' },
    { up_to: null, rate: '1' },
  ]
  test.each([
    { quantity: '0', costs: '10', why: 'the flat amount of the first tier' },
    { quantity: '1000', costs: '30', why: '10 + 2 % of it' },
    { quantity: '1500.5', costs: '35.005', why: '1 % of what is above' },
  ])('$quantity cost $costs: $why', ({ quantity, costs }) => {
    expect(exact({ model: 'graduated_percentage', tiers }, quantity)).toBe(costs)
  })
})
