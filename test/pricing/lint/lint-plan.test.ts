import { describe, expect, test } from 'vitest'
import type { Charge, Plan } from '../../../src/model/plan.ts'
import { lintPlan } from '../../../src/pricing/lint/lint-plan.ts'
import { plan } from '../../support/control-store.ts'

const PLACE = { period: 'month', decimalMeters: new Set(['tokens']) } as const

/** What is found in a plan with these prices of calls, as `rule: message`. */
function found(
  prices: readonly Charge['price'][],
  rest: Partial<Plan> = {},
  meter = 'calls',
): readonly string[] {
  const charges = prices.map((price, index) => ({ id: `charge-${index + 1}`, meter, price }))
  return lintPlan(plan({ charges, ...rest }), PLACE).map(({ rule, message }) => `${rule}: ${message}`)
}

const VOLUME = {
  model: 'volume',
  tiers: [
    { up_to: '100', unit: '2', flat: '10' },
    { up_to: '200', unit: '1' },
    { up_to: null, unit: '1' },
  ],
}

describe('a cliff', () => {
  test('is told with both quantities, and how far it reaches', () => {
    expect(found([VOLUME])).toEqual([
      'cliff: 100 calls cost 210, 101 cost 101, and up to 200 cost no more than 100',
    ])
    const tiers = [
      { up_to: '100', unit: '2' },
      { up_to: null, unit: '1.5' },
    ]
    expect(found([{ model: 'volume', tiers }])).toEqual([
      'cliff: 100 calls cost 200, 101 cost 151.5, and up to 133 cost no more than 100',
    ])
  })

  test('counts from the included units on', () => {
    expect(found([{ ...VOLUME, included: '50' }])[0]).toMatch(/^cliff: 150 calls cost 210, 151 cost 101,/)
  })

  test('of a stairstep is a cheaper band', () => {
    const tiers = [
      { up_to: '100', flat: '75' },
      { up_to: null, flat: '70' },
    ]
    expect(found([{ model: 'stairstep', tiers }])).toEqual([
      'cliff: 100 calls cost 75, 101 cost 70, and up to any number cost no more than 100',
    ])
  })

  test('between whole units is none where the next whole unit costs more', () => {
    const tiers = [
      { up_to: '1', unit: '10' },
      { up_to: null, unit: '9.99' },
    ]
    expect(found([{ model: 'volume', tiers }])).toEqual([])
    expect(found([{ model: 'volume', tiers }], {}, 'tokens')).toEqual([
      'cliff: 1 tokens cost 10, the least bit more cost 9.99000000000000999, and up to 1 cost no more than 1',
    ])
  })

  test('is none under a maximum or minimum that hides it', () => {
    expect(found([{ ...VOLUME, minimum: '210' }])).toEqual([])
    expect(found([{ ...VOLUME, maximum: '101' }])).toEqual([])
  })

  test.each(['graduated', 'tiered'])('is impossible with %s', (model) => {
    expect(found([{ ...VOLUME, model }])).toEqual([])
  })
})

describe('a gap', () => {
  test('is what lies above the last band', () => {
    const bands = { model: 'stairstep', tiers: [{ up_to: '200', flat: '100' }] }
    expect(found([bands])).toEqual(['gap: above 200 calls there is no price: end with a tier up_to: null'])
  })

  const quota = (included: string): Partial<Plan> => ({
    quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included, onExceed: 'bill' }],
  })
  const overage = {
    model: 'graduated',
    tiers: [
      { up_to: '1000', unit: '0' },
      { up_to: null, unit: '0.01' },
    ],
  }

  test('is a quota that says where billing begins, and a price that begins elsewhere', () => {
    expect(found([overage], quota('1000'))).toEqual([])
    expect(found([{ model: 'per_unit', unit: '1', included: '1000' }], quota('1000.0'))).toEqual([])
    expect(found([overage], quota('1500'))).toEqual([
      'gap: quota calls-month includes 1500 calls, but the first 1000 are free: included ones are billed',
    ])
    expect(found([overage], quota('900'))).toEqual([
      'gap: quota calls-month includes 900 calls, but the first 1000 are free: those between are never billed',
    ])
    expect(found([{ model: 'per_unit', unit: '1' }], quota('5'))).toEqual([
      'gap: quota calls-month includes 5 calls, but none are free: included ones are billed',
    ])
  })

  test('is a quota that lets more through to be billed, which nothing bills', () => {
    expect(found([], quota('1000'))).toEqual([
      'gap: quota calls-month lets more than 1000 calls through to be billed, but no charge prices calls',
    ])
  })
})

test('overlaps: one meter billed by two charges, and units that are free twice', () => {
  const unit = { model: 'per_unit', unit: '1' }
  expect(found([unit, unit])).toEqual([
    'overlap: prices calls, as charge charge-1 does: each is billed twice',
  ])
  const tiers = [
    { up_to: '10', unit: '0' },
    { up_to: null, unit: '1' },
  ]
  expect(found([{ model: 'graduated', included: '5', tiers }])).toEqual([
    'overlap: 5 calls are included and the first 10 of the rest are free: 15 in all',
  ])
})

describe('a tier that is never reached', () => {
  const tiers = [
    { up_to: '1000', unit: '0.02' },
    { up_to: null, unit: '0.01' },
  ]
  const graduated = { model: 'graduated', tiers }
  const limit = {
    id: 'tenant-day',
    counts: 'requests',
    per: 'day',
    scope: 'tenant',
    windowMs: 86_400_000,
  } as const

  test.each([
    { per: 'month', included: '1000', tells: 'quota q blocks at 1000 a month' },
    { per: 'month', included: '1001', tells: null },
    { per: 'day', included: '32', tells: 'quota q blocks at 32 a day' },
    { per: 'day', included: '33', tells: null },
  ] as const)('lies behind a quota of $included a $per that blocks: $tells', ({ per, included, tells }) => {
    const quotas = [{ id: 'q', meter: 'calls', per, included, onExceed: 'block' } as const]
    const says = `unreachable: tier 2, above 1000 calls, is never reached: ${tells}`
    expect(found([graduated], { quotas })).toEqual(tells === null ? [] : [says])
    expect(found([graduated], { quotas: [{ ...quotas[0]!, onExceed: 'notify' }] })).toEqual([])
  })

  test('lies behind a limit, with a window over each end of the month', () => {
    expect(found([graduated], { limits: [{ ...limit, amount: 31 }] })).toEqual([
      'unreachable: tier 2, above 1000 calls, is never reached: limit tenant-day lets 31 through in a day, 992 in a month at most',
    ])
    expect(found([graduated], { limits: [{ ...limit, amount: 32 }] })).toEqual([])
    expect(found([graduated], { limits: [{ ...limit, amount: 1, scope: 'key' }] })).toEqual([])
    expect(found([graduated], { limits: [{ ...limit, amount: null }] })).toEqual([])
  })

  test('lies behind the maximum', () => {
    expect(found([{ ...graduated, maximum: '20' }])).toEqual([
      'unreachable: tier 2, above 1000 calls, is never reached: the maximum is reached before it',
    ])
    expect(found([{ ...graduated, maximum: '20.01' }])).toEqual([])
  })
})

test('a rise is told, but not after free units', () => {
  const tiers = [
    { up_to: '10', unit: '0' },
    { up_to: '20', unit: '1' },
    { up_to: null, unit: '2' },
  ]
  expect(found([{ model: 'graduated', tiers }])).toEqual([
    'rise: above 20 calls cost 2 each, which is more than 1 in the tier before',
  ])
})

test('fees have nothing to find', () => {
  const charges = [{ id: 'fee', meter: null, price: { model: 'flat', amount: '49' } }]
  expect(lintPlan(plan({ charges }), PLACE)).toEqual([])
})
