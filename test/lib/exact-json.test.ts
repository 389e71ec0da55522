import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactJsonText, JsonNumber, loosened, parseExactJson } from '../../src/lib/exact-json.ts'

const text = (json: string) => exactJsonText(parseExactJson(json))

test.each([
  { json: '0.1', same: '1e-1', why: 'no double is ever made' },
  {
    json: '12345678901234567890.123456789',
    same: '12345678901234567890123456789e-9',
    why: 'no digit is lost',
  },
  { json: '1', same: '1e0', why: 'an exponent of nothing' },
  { json: '1.50', same: '1.5', why: 'zeros at the end' },
  { json: '100', same: '1E2', why: 'zeros before the point' },
  { json: '0.0', same: '0', why: 'no digit at all' },
  { json: '-0', same: '0', why: 'there is one zero' },
  { json: '-5e+3', same: '-5000', why: 'a sign of the exponent' },
  {
    json: '{"b":1,"a":[true,null,"x"]}',
    same: '{"a": [true, null, "x"], "b": 1.0}',
    why: 'order and blanks',
  },
])('$json and $same are one text: $why', ({ json, same }) => {
  expect(text(json)).toBe(text(same))
})

test.each([
  '1|2',
  '0.1|0.10000000000000000001',
  '1e400|1e401',
  '1|"1"',
  '{"a":1}|{"a":1,"b":null}',
  '[1,2]|[2,1]',
])('%s stay two', (pair) => {
  const [one = '', other = ''] = pair.split('|')
  expect(text(one)).not.toBe(text(other))
})

test('a text that is read again is the same text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const once = text(JSON.stringify(value))
      expect(text(once)).toBe(once)
    }),
  )
})

test('what programs read of it are numbers where a double holds them, and texts elsewhere', () => {
  const read = loosened(parseExactJson('{"a":[0.1,12345678901234567890,1e999,5],"b":"x","c":null}'))
  expect(read).toEqual({ a: [0.1, '12345678901234567890', '1e999', 5], b: 'x', c: null })
})

test('a name that objects have from birth is a name like any other', () => {
  const value = parseExactJson('{"__proto__":1,"constructor":2}')
  expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
  expect(exactJsonText(value)).toBe('{"__proto__":1,"constructor":2}')
})

test('what is no JSON is none', () => {
  expect(() => parseExactJson('{a:1}')).toThrow(SyntaxError)
  expect(parseExactJson('7')).toEqual(new JsonNumber('7'))
})

test('a number of a hundred thousand digits is written as quickly as any', () => {
  const startMs = performance.now()
  expect(text(`1${'0'.repeat(100_000)}1`)).toHaveLength(100_002)
  expect(performance.now() - startMs).toBeLessThan(5_000)
})
