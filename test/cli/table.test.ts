import { expect, test } from 'vitest'
import { renderTable } from '../../src/cli/table.ts'

const COLUMNS = [{ title: 'KEY' }, { title: 'NAME' }, { title: 'CALLS', align: 'right' }] as const

test('a table is its heading, a line and its rows, numbers on the right', () => {
  expect(
    renderTable(
      COLUMNS,
      [
        ['key_1', 'ci', '12'],
        ['key_22', 'app', '1200'],
      ],
      80,
    ),
  ).toBe(
    ['KEY     NAME  CALLS', '───────────────────', 'key_1   ci       12', 'key_22  app    1200'].join('\n'),
  )
})

test('of a thousand rows and one each has its line, under one heading, in columns as wide as all of them need', () => {
  const rows = Array.from({ length: 1_001 }, (_, index) => [`key_${index}`, 'app', String(index * 7)])
  const lines = renderTable(COLUMNS, rows, 80).split('\n')
  expect(lines.slice(0, 2)).toEqual(['KEY       NAME  CALLS', '─'.repeat(21)])
  expect(lines.slice(2)).toEqual(
    rows.map(([key = '', name = '', calls = '']) => `${key.padEnd(10)}${name}   ${calls.padStart(5)}`),
  )
})

test('it is never wider than the terminal, and loses nothing', () => {
  const name = 'n'.repeat(200)
  const text = renderTable(COLUMNS, [['key_1', name, '1']], 60)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60)
  expect(text.replaceAll(/[^n]/g, '')).toBe(name)
})

test('wide letters take two columns', () => {
  const text = renderTable(COLUMNS, [['key_1', '株式会社', '1']], 80)
  expect(text.split('\n')).toHaveLength(3)
})

test('a name cannot write to the terminal', () => {
  const text = renderTable(COLUMNS, [['key_1', 'evil\u001b[2J\u009b1m\r\nrow\u202e', '1']], 80)
  for (const code of ['\u001b', '\u009b', '\r', '\u202e']) expect(text).not.toContain(code)
  expect(text.split('\n')).toHaveLength(3)
})

test('without a terminal there are no colours', () => {
  expect(renderTable(COLUMNS, [['a', 'b', '1']])).not.toContain('\u001b')
})

test('where it cannot fit, columns that may go are left out, the last first, and named', () => {
  const columns = [
    { title: 'KEY', whole: true },
    { title: 'NAME', mayGo: true },
    { title: 'CALLS', align: 'right' },
    { title: 'OUT', align: 'right', mayGo: true },
  ] as const
  const row = ['key_0123456789', 'nightly', '1200', '99']
  expect(renderTable(columns, [row], 80)).toContain('OUT')
  const narrow = renderTable(columns, [row], 34)
  expect(narrow.split('\n')[0]).toBe('KEY             NAME     CALLS')
  expect(narrow).toMatch(/\n\nLeft out for want of room: OUT\.$/)
  expect(renderTable(columns, [row], 25)).toMatch(
    /^KEY +CALLS\n[\s\S]*Left out for want of room: NAME, OUT\.$/,
  )
  expect(renderTable(columns, [row], 5).split('\n')[2]).toBe('key_0123456789   1200')
})
