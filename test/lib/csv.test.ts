import { expect, test } from 'vitest'
import { parseCsv } from '../../src/lib/csv.ts'

test.each([
  { text: '', records: [], why: 'nothing' },
  { text: 'a,b\n', records: [[1, 'a', 'b']], why: 'a line' },
  { text: 'a,b', records: [[1, 'a', 'b']], why: 'a line without an end' },
  {
    text: '\uFEFFa\r\nb\rc',
    records: [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ],
    why: 'any line end, after a mark',
  },
  {
    text: 'a,\n,b\n',
    records: [
      [1, 'a', ''],
      [2, '', 'b'],
    ],
    why: 'empty fields',
  },
  { text: 'a,', records: [[1, 'a', '']], why: 'an empty field at the end of the file' },
  {
    text: '\n\na\n\nb\n',
    records: [
      [3, 'a'],
      [5, 'b'],
    ],
    why: 'empty lines',
  },
  { text: '"a,""b""",c\n', records: [[1, 'a,"b"', 'c']], why: 'commas and quotes in quotes' },
  {
    text: '"a\nb",c\nd\n',
    records: [
      [1, 'a\nb', 'c'],
      [3, 'd'],
    ],
    why: 'a line end in quotes',
  },
  { text: '""\n"",x', records: [[2, '', 'x']], why: 'a line of one empty field is an empty line' },
])('$why', ({ text, records }) => {
  const parsed = parseCsv(text)
  expect(parsed.problem).toBeUndefined()
  expect(parsed.records.map(({ line, fields }) => [line, ...fields])).toEqual(records)
})

test.each([
  { text: 'a\n"b', line: 2 },
  { text: 'a\nb"c\n', line: 2 },
  { text: '"a"b\n', line: 1 },
])('$text is told by its line', ({ text, line }) => {
  expect(parseCsv(text).problem).toMatchObject({ line })
})

test('a quoted field of megabytes is read', () => {
  const field = 'x""'.repeat(1_000_000)
  expect(parseCsv(`"${field}",b\n`).records[0]?.fields[0]).toHaveLength(2_000_000)
})
