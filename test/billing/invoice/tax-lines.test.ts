import { describe, expect, test } from 'vitest'
import { taxLines } from '../../../src/billing/invoice/tax-lines.ts'

const rate = (percent: string, charges: readonly string[] | null = null, id = 'vat') => ({
  id,
  name: 'VAT',
  rate: percent,
  charges,
})
const lines = (...minors: readonly bigint[]) =>
  minors.map((minor, index) => ({ chargeId: `c${index}`, minor }))

describe('exclusive tax', () => {
  test('is rounded once: 0.17 and 4.46 at 20 % are 0.93, not 0.03 and 0.89', () => {
    const rules = { mode: 'exclusive', rates: [rate('20')] } as const
    expect(taxLines(lines(17n, 446n), rules, 'USD')).toEqual({
      taxes: [{ id: 'vat', name: 'VAT', rate: '20', net: '4.63', amount: '0.93' }],
      taxMinor: 93n,
    })
  })

  test('is on the charges it names, each rate by itself', () => {
    const rules = { mode: 'exclusive', rates: [rate('7', ['c0'], 'low'), rate('19', ['c1'])] } as const
    const { taxes } = taxLines(lines(1_000n, 2_000n), rules, 'EUR')
    expect(taxes.map(({ net, amount }) => `${net} ${amount}`)).toEqual(['10.00 0.70', '20.00 3.80'])
  })
})

describe('inclusive tax', () => {
  test('is the part of the price that is tax: 19.00 of 119.00 at 19 %', () => {
    const rules = { mode: 'inclusive', rates: [rate('19')] } as const
    expect(taxLines(lines(11_900n), rules, 'EUR').taxes).toMatchObject([{ net: '100.00', amount: '19.00' }])
  })

  test('of two rates on one price each is its part of the net', () => {
    const rules = { mode: 'inclusive', rates: [rate('5', null, 'gst'), rate('10', null, 'pst')] } as const
    expect(taxLines(lines(11_500n), rules, 'CAD').taxes.map(({ amount }) => amount)).toEqual([
      '5.00',
      '10.00',
    ])
  })
})

test('without rules there is none, and currencies without cents have whole units', () => {
  expect(taxLines(lines(100n), null, 'USD')).toEqual({ taxes: [], taxMinor: 0n })
  expect(taxLines(lines(105n), { mode: 'exclusive', rates: [rate('10')] }, 'JPY').taxMinor).toBe(11n)
})
