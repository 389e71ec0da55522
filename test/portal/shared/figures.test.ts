import { expect, test } from 'vitest'
import { bytes, money, percent, quantity, sum, times } from '../../../src/portal/shared/figures.ts'

test.each([
  { amount: '0.0005', text: '$0.0005', why: 'a price has more places than a currency' },
  { amount: '49.00', text: '$49.00', why: 'a currency keeps its places' },
  { amount: '12345678901234567.89', text: '$12,345,678,901,234,567.89', why: 'no float has so many digits' },
  { amount: '-0.10', text: '-$0.10', why: 'a credit is below zero' },
  { amount: 'no price', text: 'no price USD', why: 'what is no number is shown as it came' },
])('$amount is shown as $text: $why', ({ amount, text }) => {
  expect(money(amount, 'USD', 'en-US')).toBe(text)
})

test('a quantity keeps every digit it came with', () => {
  expect(quantity('9007199254740993.000000000000001', 'en-US')).toBe('9,007,199,254,740,993.000000000000001')
  expect(quantity(1234567, 'en-US')).toBe('1,234,567')
})

test('sums and products are exact', () => {
  expect(sum(['0.1', '0.2'])).toBe('0.3')
  expect(sum(['-0.5', '0.25'])).toBe('-0.25')
  expect(times(3, '0.1')).toBe('0.3')
})

test('a hundred percent is reached only when nothing is left', () => {
  expect(percent('999999', '1000000')).toBe(99)
  expect(percent('1000000', '1000000')).toBe(100)
  expect(percent('5', '0')).toBe(0)
})

test('a gigabyte is a billion bytes', () => {
  expect(bytes(1_500_000_000, 'en-US')).toBe('1.5 GB')
  expect(bytes(12, 'en-US')).toBe('12 bytes')
})
