import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ceilingOf,
  compare,
  exactly,
  floorOf,
  formatExactly,
  minus,
  over,
  plus,
  type Rational,
  rational,
  roundHalfAway,
  times,
} from '../../src/model/rational.ts'

const whole = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const number = fc
  .tuple(whole, fc.bigInt({ min: 1n, max: 10n ** 20n }))
  .map(([numerator, denominator]) => rational(numerator, denominator))

describe('reading and writing', () => {
  test.each([
    { decimal: '0', text: '0', why: 'nothing' },
    { decimal: '286.00', text: '286', why: 'zeros at the end mean nothing' },
    { decimal: '-0.50', text: '-0.5', why: 'below zero' },
    { decimal: '0.000000000001', text: '0.000000000001', why: 'the smallest price' },
    { decimal: '007', text: '7', why: 'zeros at the start mean nothing' },
  ])('$decimal is $text: $why', ({ decimal, text }) => {
    expect(formatExactly(exactly(decimal))).toBe(text)
  })

  test.each([
    { number: rational(2n, 3n), text: '2/3', why: 'no decimal is exact' },
    { number: rational(-2n, 6n), text: '-1/3', why: 'lowest terms' },
    { number: rational(1n, -8n), text: '-0.125', why: 'the sign belongs to the numerator' },
    { number: rational(1n, 2n ** 20n), text: '0.00000095367431640625', why: 'twos end, in many places' },
  ])('$text: $why', ({ number: written, text }) => {
    expect(formatExactly(written)).toBe(text)
  })

  test.each(['', 'NaN', '1e3', '.5', '5.', '1,5', ' 1', '0x1'])('%j is no decimal', (text) => {
    expect(() => exactly(text)).toThrow('an exact number is read from a decimal')
  })
})

describe('rounding', () => {
  test.each([
    { text: '0.005', places: 2, units: 1n, why: 'half goes away from zero' },
    { text: '-0.005', places: 2, units: -1n, why: 'below zero as well' },
    { text: '0.004999999999', places: 2, units: 0n, why: 'less than half' },
    { text: '0.015', places: 2, units: 2n, why: 'not to the even one' },
    { text: '0.025', places: 2, units: 3n, why: 'not to the even one' },
    { text: '1.005', places: 2, units: 101n, why: 'as a float it would be 1.00499…' },
    { text: '2.5', places: 0, units: 3n, why: 'a currency without places' },
    { text: '0.0005', places: 3, units: 1n, why: 'a currency with three' },
  ])('$text at $places places is $units: $why', ({ text, places, units }) => {
    expect(roundHalfAway(exactly(text), places)).toBe(units)
  })

  test('is never further off than half a unit, and the same on both sides of zero', () => {
    fc.assert(
      fc.property(number, fc.nat(4), (value, places) => {
        const units = roundHalfAway(value, places)
        const off = minus(value, rational(units, 10n ** BigInt(places)))
        const size = off.numerator < 0n ? -off.numerator : off.numerator
        expect(2n * size * 10n ** BigInt(places) <= off.denominator).toBe(true)
        expect(roundHalfAway(minus(rational(0n), value), places)).toBe(-units)
      }),
    )
  })
})

describe('arithmetic', () => {
  test('is that of fractions: sums do not depend on order, what was divided multiplies back', () => {
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        expect(plus(plus(a, b), c)).toEqual(plus(c, plus(b, a)))
        expect(times(a, plus(b, c))).toEqual(plus(times(a, b), times(a, c)))
        expect(minus(plus(a, b), b)).toEqual(a)
        if (b.numerator !== 0n) expect(times(over(a, b), b)).toEqual(a)
      }),
    )
  })

  test('floor and ceiling hold the number between them, one apart at most', () => {
    fc.assert(
      fc.property(number, (value: Rational) => {
        const [low, high] = [floorOf(value), ceilingOf(value)]
        expect(compare(rational(low), value) <= 0 && compare(value, rational(high)) <= 0).toBe(true)
        expect(high - low).toBe(value.denominator === 1n ? 0n : 1n)
      }),
    )
  })

  test('nothing is divided by zero', () => {
    expect(() => over(rational(1n), rational(0n))).toThrow('nothing is divided by zero')
  })
})
