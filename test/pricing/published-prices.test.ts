import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseQuotes } from '../../src/config/parse-quotes.ts'
import { quote } from '../../src/pricing/quote.ts'

const FILE = join(import.meta.dirname, '../golden/published-prices.yaml')
const { requests } = parseQuotes(readFileSync(FILE, 'utf8'), 'published-prices.yaml')

test.each(requests)('$id: $expect ($note)', (request) => {
  const { amount, currency } = quote(request)
  expect(currency).toBe('USD')
  expect(amount).toBe(request.expect)
})

describe('figures that are not amounts', () => {
  test('each has its source', () => {
    expect(requests.filter(({ note, expect: amount }) => note === null || amount === null)).toEqual([])
  })

  test('a quantity above the last band of a stairstep has no price (Apigee: "cannot exceed 200")', () => {
    const band = requests.find(({ id }) => id === 'apigee-band-2-end')!
    expect(() => quote({ ...band, quantity: '201' })).toThrow(
      expect.objectContaining({
        code: 'invalid-parameter',
        message: 'case apigee-band-2-end: quantity comes to 201, above the last tier, which ends at 200.',
      }),
    )
  })

  test('before rounding the Lago example of least and most is 16.142', () => {
    expect(quote(requests.find(({ id }) => id === 'lago-min-max')!).exact).toBe('16.142')
  })

  test('the $382 of one page is not what its own prices give', () => {
    const calls = requests.find(({ id }) => id === 'aforo-calls')!
    expect(quote({ ...calls, expect: '382' })).toMatchObject({ amount: '286.00', agrees: false })
  })
})
