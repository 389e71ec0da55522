import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DigestSum, digestOf, digestText, quickDigestOf } from '../../src/lib/digest.ts'

const sumOf = (texts: readonly string[], digest = digestOf) => {
  const sum = new DigestSum()
  for (const text of texts) sum.add(digest(text))
  return sum
}

test('a digest is the first 64 bits of the SHA-256 that everyone else computes', () => {
  // printf abc | sha256sum
  expect(digestOf('abc')).toEqual({ high: 0xba7816bf, low: 0x8f01cfea })
  expect(digestText('a', 'bc')).toBe('ba7816bf8f01cfea')
  expect(digestText('a', Buffer.from('bc'))).toBe('ba7816bf8f01cfea')
})

test('quick digests of a million ids that follow each other are all different, in either half alone nearly so', () => {
  const [whole, low] = [new Set<string>(), new Set<number>()]
  for (let index = 0; index < 300_000; index += 1) {
    const digest = quickDigestOf(`01KJKT8Z00ABCDE0010${String(index).padStart(7, '0')}`)
    whole.add(`${digest.high} ${digest.low}`)
    low.add(digest.low)
  }
  expect(whole.size).toBe(300_000)
  // Of 300,000 drawn at random from 2^32 some ten are expected to meet another.
  expect(low.size).toBeGreaterThan(299_900)
})

test.each([digestOf, quickDigestOf])(
  'a sum does not depend on order or cutting, and is read back as it was written: %o',
  (digest) => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 20 }), fc.nat(20), (texts, cut) => {
        const sum = sumOf(texts, digest)
        const parts = sumOf(texts.slice(cut).toReversed(), digest)
        parts.addAll(DigestSum.parse(sumOf(texts.slice(0, cut), digest).text))
        expect(parts.text).toBe(sum.text)
        expect(DigestSum.parse(sum.text).text).toBe(sum.text)
      }),
    )
  },
)

test('a text that is missing, there twice, or another changes the sum, and an empty text counts', () => {
  const texts = ['a', 'b', 'c', '']
  const sums = [texts, ['a', 'b', 'c'], [...texts, 'b'], [...texts, 'b', 'b'], ['a', 'b', 'd', '']]
  expect(new Set(sums.map((each) => sumOf(each).text)).size).toBe(sums.length)
})

test('the one text of many that was changed is found, and no other', () => {
  const texts = Array.from({ length: 20_000 }, (_, index) => `event ${index}`)
  const expected = sumOf(texts)
  const changed = texts.with(1234, 'event 1234, changed')
  const now = sumOf(changed)
  expect(changed.filter((text) => now.wasChanged(digestOf(text), expected))).toEqual(['event 1234, changed'])
  expect(texts.filter((text) => expected.wasChanged(digestOf(text), expected))).toEqual([])
})

test('the one text that is there beside the others is told, and that it is one', () => {
  const texts = ['a', 'b', 'c']
  expect(sumOf([...texts, 'b']).beside(sumOf(texts))).toEqual(digestOf('b'))
  expect(sumOf([...texts, 'd']).beside(sumOf(texts))).toEqual(digestOf('d'))
  expect(sumOf([...texts, 'd', 'e']).beside(sumOf(texts))).toBeUndefined()
  expect(sumOf(texts).beside(sumOf(texts))).toBeUndefined()
})
