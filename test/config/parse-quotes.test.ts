import { describe, expect, test } from 'vitest'
import { parseQuotes } from '../../src/config/parse-quotes.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'

function problemOf(text: string): string {
  try {
    parseQuotes(text, 'cases.yaml')
    return 'none'
  } catch (error) {
    if (!(error instanceof GatezError) || error.code !== 'invalid-parameter') throw error
    const [problem, ...others] = error.extra.problems as { line: number; path: string; message: string }[]
    expect(others).toEqual([])
    return `${problem?.line} ${problem?.path}: ${problem?.message}`
  }
}

describe('a file of cases', () => {
  test('one case or a list, YAML or JSON; ids are positions where none are given', () => {
    const price = { model: 'per_unit', unit: '0.01' }
    const one = parseQuotes(JSON.stringify({ price, quantity: 47200 }), 'cases.json')
    expect(one).toEqual({
      isList: false,
      requests: [
        {
          ...{ id: '1', note: null, price, quantity: '47200', previousQuantity: null, events: null },
          ...{ currency: 'USD', expect: null },
        },
      ],
    })
    const two = parseQuotes(
      '- { price: { model: per_unit, unit: "0.01" }, quantity: "1.5", previous_quantity: 3 }\n' +
        '- { id: b, note: why, price: { model: per_unit, unit: "0.01" }, events: [1, "2.5"], currency: JPY, expect: "4" }\n',
      'cases.yaml',
    )
    expect(two).toMatchObject({
      isList: true,
      requests: [
        { id: '1', quantity: '1.5', previousQuantity: '3' },
        { id: 'b', note: 'why', quantity: '3.5', events: ['1', '2.5'], currency: 'JPY', expect: '4' },
      ],
    })
  })

  test('a fee needs no quantity', () => {
    expect(parseQuotes('price: { model: flat, amount: "9.99" }', 'f').requests).toMatchObject([
      { quantity: '0' },
    ])
  })

  const unit = 'price: { model: per_unit, unit: "1" }'
  test.each([
    [`{ ${unit}, quantity: -1 }`, 'quantity: must be a decimal of 0 or more', '"-1"'],
    [`{ ${unit}, quantity: "-1" }`, 'quantity: must be a decimal of 0 or more', '"-1"'],
    [`{ ${unit}, quantity: .nan }`, 'quantity: must be a decimal of 0 or more', '"NaN"'],
    [`{ ${unit}, quantity: NaN }`, 'quantity: must be a decimal of 0 or more', '"NaN"'],
    [`{ ${unit}, quantity: .inf }`, 'quantity: must be a decimal of 0 or more', '"Infinity"'],
    [`{ ${unit}, quantity: 1e3 }`, 'none', ''],
    [`{ ${unit}, quantity: "1e3" }`, 'quantity: must be a decimal of 0 or more', '"1e3"'],
    [`{ ${unit}, quantity: 1.5 }`, 'quantity: must be in quotes, as "1.5", to stay exact', ''],
    [`{ ${unit}, quantity: 12345678901234567890 }`, 'quantity: must be in quotes', ''],
    [`{ ${unit}, quantity: "0.1234567890123456" }`, 'quantity: must be a decimal', 'at most 15 places'],
    [`{ ${unit}, quantity: [1] }`, 'quantity: must be a decimal', '[1]'],
    [`{ ${unit} }`, 'lacks the field quantity', ''],
    ['{ quantity: 1 }', 'lacks the field price', ''],
    ['{ price: 5, quantity: 1 }', 'price: must be a map such as', ''],
    [
      `{ ${unit}, quantity: 1, currency: EURO }`,
      'currency: must be an ISO 4217 currency code, is "EURO" (did you mean EUR?)',
      '',
    ],
    [`{ ${unit}, quantity: 1, currency: XAU }`, 'currency: must be an ISO 4217 currency code', ''],
    [`{ ${unit}, quantty: 1, quantity: 1 }`, 'quantty: unknown field quantty (did you mean quantity?)', ''],
    [
      `{ ${unit}, quantity: 1, previous_quantity: -2 }`,
      'previous_quantity: must be a decimal of 0 or more',
      '',
    ],
    [`{ ${unit}, events: 5 }`, 'events: must be a list of amounts', ''],
    [`{ ${unit}, events: [1, "x"] }`, 'events[1]: must be a decimal of 0 or more', '"x"'],
    [`{ ${unit}, events: [1, 2], quantity: 4 }`, 'quantity: is 4, but the events add up to 3', ''],
    [`{ ${unit}, events: [1, 2], previous_quantity: 4 }`, 'previous_quantity: does not go with events', ''],
    [`{ ${unit}, quantity: 1, expect: 3 }`, 'expect: must be an amount in quotes', ''],
    [`{ ${unit}, quantity: 1, id: [1] }`, 'id: must be a text', ''],
    ['[]', 'must hold at least one case', ''],
    ['[5]', '[0]: must be a map such as', ''],
    ['just words', 'must be a map such as', ''],
    [
      `[{ id: a, ${unit}, quantity: 1 }, { id: a, ${unit}, quantity: 1 }]`,
      '[1].id: another case is called a, in line 1',
      '',
    ],
  ])('%s: %s', (text, says, alsoSays) => {
    const problem = problemOf(text)
    expect(problem).toContain(says)
    expect(problem).toContain(alsoSays)
  })

  test('all that is wrong is told at once, by line', () => {
    const text =
      '- { price: { model: per_unit, unit: 0.1 }, quantity: -1 }\n- { price: { model: flat }, quantity: 1 }\n'
    expect(() => parseQuotes(text, 'cases.yaml')).toThrow(
      /^3 problems in cases.yaml\n.*:1:.*unit.*\n.*:1:.*quantity.*\n.*:2:.*amount/,
    )
  })
})

describe('a price', () => {
  test.each([
    ['{ model: per_unit }', 'price: lacks the field unit'],
    ['{ unit: "1" }', 'price: lacks the field model'],
    ['{ model: unit, unit: "1" }', 'price.model: must be per_unit, package'],
    ['{ model: per_unit, unit: "-1" }', 'price.unit: must be a decimal such as "0.0005", 0 or more, is "-1"'],
    ['{ model: per_unit, unit: -1 }', 'price.unit: must be a decimal such as "0.0005", 0 or more, is "-1"'],
    [
      '{ model: per_unit, unit: .nan }',
      'price.unit: must be a decimal such as "0.0005", 0 or more, is "NaN"',
    ],
    ['{ model: per_unit, unit: true }', 'price.unit: must be a decimal in quotes'],
    [
      '{ model: per_unit, unit: "0.0000000000001" }',
      'price.unit: has 13 places after the point; at most 12 are kept',
    ],
    [
      '{ model: per_unit, unit: "1234567890123456789012345" }',
      'price.unit: has more than 24 digits before the point',
    ],
    ['{ model: package, size: "0", amount: "1" }', 'price.size: must be above 0'],
    [
      '{ model: package, size: "1", amount: "1", rounding: nearest }',
      'price.rounding: must be up or down, is "nearest"',
    ],
    ['{ model: per_unit, unit: "1", discount: "101" }', 'price.discount: must be a percentage from 0 to 100'],
    [
      '{ model: per_unit, unit: "1", minimum: "5", maximum: "4.99" }',
      'price.minimum: is above maximum, which is 4.99',
    ],
    ['{ model: percentage, rate: "1", min: "5", max: "4" }', 'price.min: is above max, which is 4'],
    ['{ model: percentage, rate: "1", included: "5" }', 'price.included: has no meaning beside percentage'],
    [
      '{ model: percentage, rate: "1", free_events: 0 }',
      'price.free_events: must be a whole number, 1 or more, is 0',
    ],
    ['{ model: percentage, rate: "1", free_amount: "0.0" }', 'price.free_amount: must be above 0'],
    ['{ model: flat, amount: "1", included: "5" }', 'price.included: has no meaning beside flat'],
    ['{ model: flat, amount: "1", tiers: [] }', 'price.tiers: unknown field tiers'],
    ['{ model: graduated, tiers: [] }', 'price.tiers: must be a list of at least one tier'],
    ['{ model: graduated, tiers: 5 }', 'price.tiers: must be a list of at least one tier'],
    ['{ model: graduated, tiers: [5] }', 'price.tiers[0]: must be a map such as'],
    [
      '{ model: graduated, tiers: [{ up_to: null, rate: "1", unit: "1" }] }',
      'price.tiers[0].rate: unknown field rate',
    ],
    ['{ model: graduated, tiers: [{ up_to: null }] }', 'price.tiers[0]: lacks its price: unit, flat or both'],
    [
      '{ model: graduated, tiers: [{ unit: "1" }] }',
      'price.tiers[0]: lacks the field up_to; the last tier says up_to: null',
    ],
    [
      '{ model: graduated, tiers: [{ up_to: "5", unit: "1" }] }',
      'price.tiers[0].up_to: must be null in the last tier',
    ],
    [
      '{ model: graduated, tiers: [{ up_to: "9", unit: "1" }, { up_to: "5", unit: "1" }, { up_to: null, unit: "1" }] }',
      'price.tiers[1].up_to: must be above 9, where the tier before ends, is "5"',
    ],
    [
      '{ model: graduated, tiers: [{ up_to: "9", unit: "1" }, { up_to: "9.0", unit: "1" }, { up_to: null, unit: "1" }] }',
      'price.tiers[1].up_to: must be above 9',
    ],
    [
      '{ model: graduated, tiers: [{ up_to: null, unit: "1" }, { up_to: null, unit: "1" }] }',
      'price.tiers[0].up_to: is null, but only the last tier has no end',
    ],
    ['{ model: stairstep, tiers: [{ up_to: "5" }] }', 'price.tiers[0]: lacks the field flat'],
    ['{ model: stairstep, tiers: [{ up_to: "5", flat: "1" }] }', 'none'],
    ['{ model: constructor }', 'price.model: must be per_unit, package'],
    ['{ model: flat, amount: "1", constructor: "1" }', 'price.constructor: unknown field constructor'],
  ])('%s: %s', (price, says) => {
    expect(problemOf(`{ quantity: 1, price: ${price} }`)).toContain(says)
  })
})
