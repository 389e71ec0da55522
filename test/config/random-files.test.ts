import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { problemsOf } from './problems-of.ts'

describe('whatever the file holds', () => {
  // Words that mean something in the file, so that random files come near to real ones.
  const words = fc.constantFrom(
    ...['version', 'apis', 'plans', 'routes', 'id', 'match', 'limits', 'price', 'tiers', 'scope', 'all'],
    ...[
      'GET /x',
      `${'$'}{X`,
      `${'$'}{Y:-1}`,
      'per',
      'day',
      'requests',
      '__proto__',
      'constructor',
      'hosts',
      'meters',
    ],
  )
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      words,
      fc.integer(),
      fc.double(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(words, tie('node'), { maxKeys: 6 }),
    ),
  })).node

  test('a wrong file is refused with its problems, never with a crash', () => {
    fc.assert(
      fc.property(value, (data) => {
        expect(problemsOf(JSON.stringify(data)).length).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })

  test('text of any kind is refused with its problems, never with a crash', () => {
    const yamlish = fc.array(
      fc.oneof(
        words,
        fc.constantFrom(
          '\n',
          '  ',
          ': ',
          '- ',
          '[',
          ']',
          '{',
          '}',
          '&a ',
          '*a',
          '"',
          "'",
          '|',
          '!',
          '#',
          '\t',
          ',',
        ),
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          yamlish.map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          expect(problemsOf(text).length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('one random cut in a good file never crashes', () => {
    fc.assert(
      fc.property(
        fc.nat(SMALL_CONFIG.length),
        fc.nat(40),
        fc.string({ maxLength: 8 }),
        (from, length, put) => {
          problemsOf(SMALL_CONFIG.slice(0, from) + put + SMALL_CONFIG.slice(from + length))
        },
      ),
      { numRuns: 500 },
    )
  })
})
