import { expect, test } from 'vitest'
import { closest, didYouMean } from '../../src/lib/closest.ts'

test.each([
  { word: 'serch', meant: 'search', why: 'a letter is missing' },
  { word: 'saerch', meant: 'search', why: 'neighbours are swapped' },
  { word: 'searchh', meant: 'search', why: 'a letter is doubled' },
  { word: 'SEARCH', meant: 'search', why: 'case does not matter' },
  { word: 'look', meant: 'lookup', why: 'it is the beginning' },
  { word: 'zzz', meant: undefined, why: 'nothing is near' },
  { word: '', meant: undefined, why: 'nothing was written' },
])('$word is taken for $meant: $why', ({ word, meant }) => {
  expect(closest(word, ['lookup', 'search', 'ingest'])).toBe(meant)
})

test('an exact word in another case wins over a near one', () => {
  expect(closest('usd', ['BSD', 'USD'])).toBe('USD')
})

test('a suggestion is the end of a sentence, and empty when there is none', () => {
  expect(didYouMean('serch', ['search'])).toBe(' (did you mean search?)')
  expect(didYouMean('zzz', ['search'])).toBe('')
})

test('a hostile word costs no more than its beginning', () => {
  expect(closest('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toBeUndefined()
})
