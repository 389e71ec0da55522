import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  isQuantity,
  parseQuantity,
  quantityFemtos,
  readDecimal,
} from '../../src/model/quantity.ts'

const femtos = fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n })

describe('reading a quantity from outside', () => {
  test.each([
    { text: '0', value: 0n, why: 'nothing used' },
    { text: '1', value: 10n ** 15n, why: 'a whole number' },
    { text: '007', value: 7n * 10n ** 15n, why: 'leading zeros mean nothing' },
    { text: '0.000000000000001', value: 1n, why: 'the smallest of all' },
    { text: '1.50', value: 15n * 10n ** 14n, why: 'a trailing zero' },
    { text: '999999999999999999999999.999999999999999', value: 10n ** 39n - 1n, why: 'the largest of all' },
  ])('$text is taken exactly: $why', ({ text, value }) => {
    expect(parseQuantity(text, 'x-gatez-meter-tokens')).toBe(value)
  })

  test.each([
    { text: '', why: 'empty' },
    { text: 'NaN', why: 'not a number' },
    { text: 'Infinity', why: 'not a number either' },
    { text: '-1', why: 'usage is never taken back by a header' },
    { text: '+1', why: 'a sign' },
    { text: '1e3', why: 'an exponent' },
    { text: '0x10', why: 'not decimal' },
    { text: '.5', why: 'no digit before the point' },
    { text: '5.', why: 'no digit after the point' },
    { text: '1,5', why: 'a comma' },
    { text: ' 1', why: 'a blank' },
    { text: '1\n', why: 'a line end' },
    { text: '١', why: 'a digit of another script' },
    { text: '0.0000000000000001', why: '16 places' },
    { text: '1000000000000000000000000', why: '25 digits' },
  ])('$text is refused, naming header and value: $why', ({ text }) => {
    expect(isQuantity(text)).toBe(false)
    expect(() => parseQuantity(text, 'x-gatez-meter-tokens')).toThrow(
      expect.objectContaining({
        code: 'invalid-parameter',
        message: expect.stringContaining(`x-gatez-meter-tokens is ${JSON.stringify(text)}`),
      }),
    )
  })

  test('a value of a megabyte is refused at once and not repeated in the error', () => {
    expect(() => parseQuantity('9'.repeat(1_000_000), 'tokens')).toThrow(/^.{0,300}$/)
  })
})

describe('arithmetic of quantities', () => {
  test('what was formatted reads back as the same value', () => {
    fc.assert(fc.property(femtos, (value) => quantityFemtos(formatQuantity(value)) === value))
  })

  test('the format is canonical: equal values have one text, without trailing zeros', () => {
    fc.assert(
      fc.property(femtos, (value) => {
        expect(formatQuantity(value)).toMatch(/^(0|-?([1-9]\d*|0)(\.\d{0,14}[1-9])?)$/)
        expect(formatQuantity(value)).not.toBe('-0')
      }),
    )
  })

  test('a sum is exact and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(femtos, { minLength: 1, maxLength: 20 }), (values) => {
        const texts = values.map(formatQuantity)
        const sum = formatQuantity(values.reduce((left, right) => left + right, 0n))
        expect(texts.reduce(addQuantities, '0')).toBe(sum)
        expect(texts.toReversed().reduce(addQuantities, '0')).toBe(sum)
      }),
    )
  })

  test('comparing follows the value, not the text', () => {
    fc.assert(
      fc.property(femtos, femtos, (left, right) => {
        expect(compareQuantities(formatQuantity(left), formatQuantity(right))).toBe(
          left < right ? -1 : left > right ? 1 : 0,
        )
      }),
    )
    expect(compareQuantities('10', '9')).toBe(1)
    expect(compareQuantities('1.50', '1.5')).toBe(0)
  })

  test('zeros that a store pads on are let pass, lost digits are not', () => {
    expect(formatQuantity(quantityFemtos('1.50000000000000000000'))).toBe('1.5')
    expect(() => quantityFemtos('0.0000000000000001')).toThrow('at most 15 places')
    expect(() => quantityFemtos('one')).toThrow('is a decimal')
  })

  test('0.1 added ten times is 1', () => {
    expect(Array.from({ length: 10 }, () => '0.1').reduce(addQuantities)).toBe('1')
  })
})

describe('reading a number as JSON writes it', () => {
  test.each([
    { text: '145', value: '145', why: 'as it is' },
    { text: '-0.25', value: '-0.25', why: 'below zero' },
    { text: '-0', value: '0', why: 'there is one zero' },
    { text: '007.50', value: '7.5', why: 'zeros that say nothing' },
    { text: '1.5e3', value: '1500', why: 'an exponent moves the point' },
    { text: '1e-15', value: '0.000000000000001', why: 'the smallest of all' },
    { text: '1e23', value: '100000000000000000000000', why: '24 digits' },
    { text: '0.1000000000000000000', value: '0.1', why: 'zeros beyond the 15th place' },
    { text: '9007199254740993', value: '9007199254740993', why: 'no double holds it' },
    { text: '0e999999', value: '0', why: 'nothing, many times' },
  ])('$text is $value: $why', ({ text, value }) => {
    expect(readDecimal(text)).toBe(value)
  })

  test.each([
    { text: '1e-16', why: '16 places' },
    { text: '0.0000000000000001', why: '16 places' },
    { text: '1e24', why: '25 digits' },
    { text: '1e999999999999', why: 'no one could hold it' },
    { text: 'NaN', why: 'no number' },
    { text: 'Infinity', why: 'no number' },
    { text: '', why: 'nothing' },
    { text: ' 1', why: 'a blank' },
    { text: '1,5', why: 'a comma' },
    { text: '0x10', why: 'another base' },
    { text: '.5', why: 'no digit before the point' },
    { text: '5.', why: 'no digit after it' },
    { text: '--1', why: 'two signs' },
    { text: `1.${'0'.repeat(300)}`, why: 'too long to be meant' },
  ])('$text is refused: $why', ({ text }) => {
    expect(readDecimal(text)).toBeUndefined()
  })

  test('however a quantity is written, what is read is that quantity, to the last digit', () => {
    const inRange = fc.bigInt({ min: -(10n ** 39n - 1n), max: 10n ** 39n - 1n })
    fc.assert(
      fc.property(inRange, fc.integer({ min: 1, max: 45 }), fc.nat(5), (value, point, zeros) => {
        const plain = formatQuantity(value)
        expect(readDecimal(plain)).toBe(plain)
        // The same digits with zeros at both ends, the point where it happens to be, and an exponent that mends it.
        const digits = String(value < 0n ? -value : value).padStart(45, '0') + '0'.repeat(zeros)
        const [whole, places] = [digits.slice(0, point), digits.slice(point)]
        const exponent = places.length - zeros - 15
        const written = `${value < 0n ? '-' : ''}${whole}${places === '' ? '' : `.${places}`}e${exponent}`
        expect(readDecimal(written), written).toBe(plain)
      }),
    )
  })

  test('what is read from two texts is equal exactly when the numbers are', () => {
    const decimal = fc.tuple(
      fc.constantFrom('', '-'),
      fc.nat(99),
      fc.nat(99),
      fc.integer({ min: -3, max: 3 }),
    )
    fc.assert(
      fc.property(decimal, decimal, (one, other) => {
        const text = ([sign, whole, places, exponent]: typeof one) => `${sign}${whole}.${places}e${exponent}`
        const exact = ([sign, whole, places, exponent]: typeof one) => {
          const scaled = BigInt(`${whole}${places}`) * 10n ** BigInt(exponent + 3 + 2 - String(places).length)
          return sign === '-' ? -scaled : scaled
        }
        expect(readDecimal(text(one)) === readDecimal(text(other))).toBe(exact(one) === exact(other))
      }),
    )
  })
})
