import { expect, test } from 'vitest'
import { parseMeterId } from '../../src/config/values.ts'

test.each([
  { id: 'calls', why: 'a built-in one' },
  { id: 'constructor', why: 'a word that every object knows' },
  { id: '__proto__', why: 'another of these' },
  { id: 'Tokens', why: 'capitals' },
  { id: '1st', why: 'a digit first' },
])('a meter is not called $id: $why', ({ id }) => {
  expect(parseMeterId(id)).toHaveProperty('problem')
})

test.each(['tokens', 'gpu_seconds', 'x'])('a meter may be called %s', (id) => {
  expect(parseMeterId(id)).toEqual({ value: id })
})
