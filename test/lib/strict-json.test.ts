import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExactJson } from '../../src/lib/exact-json.ts'
import { parseStrictJson, UnclearJson } from '../../src/lib/strict-json.ts'

test.each([
  ['{"value":1,"value":2}', 'The name "value" stands twice in one object.'],
  ['[{"a":{"b":"x:y","c":[{"d":1}],"b":2}}]', 'The name "b" stands twice in one object.'],
  [String.raw`{"a":1,"\u0061":2}`, 'The name "a" stands twice in one object.'],
  [String.raw`{"a\\":"\"","a\\":2}`, String.raw`The name "a\\" stands twice in one object.`],
  ['{"__proto__":1,"__proto__":2}', 'The name "__proto__" stands twice in one object.'],
  [`${'['.repeat(65)}${']'.repeat(65)}`, 'It has lists or objects more than 64 deep in each other.'],
  [`[1${'0'.repeat(1_000)}]`, 'It has a number of 1001 characters; at most 1000 are read.'],
])('%s could be read differently elsewhere, and is not read', (text, why) => {
  expect(() => parseStrictJson(text)).toThrow(new UnclearJson(why))
})

test('whatever is clear is what it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      expect(parseStrictJson(text)).toEqual(parseExactJson(text))
    }),
  )
})

test('a name may stand in many objects, and in texts', () => {
  const text = String.raw`{"a":{"a":[{"a":1},{"a":"{\"a\":1,\"a\":2}"}]},"b":"\\","c":":::{[["}`
  expect(parseStrictJson(text)).toEqual(parseExactJson(text))
})

test.each(['{"a":1', '{"a":"', '"', '{"a"::1}', '[1,]', '', '{"a\\":1}'])('%s is no JSON', (text) => {
  expect(() => parseStrictJson(text)).toThrow(SyntaxError)
})

test('a megabyte that is made to keep a program busy is seen through at once', () => {
  const bodies = [
    `[1${'0'.repeat(1_000_000)}1]`,
    `[1e${'9'.repeat(1_000_000)}]`,
    '['.repeat(1_000_000),
    `["${'\\"'.repeat(500_000)}`,
    `{${'"a":1,'.repeat(150_000)}"a":2}`,
  ]
  const startMs = performance.now()
  for (const body of bodies) expect(() => parseStrictJson(body)).toThrow()
  // Each took minutes or more where patterns or big integers looked at it.
  expect(performance.now() - startMs).toBeLessThan(10_000)
})
