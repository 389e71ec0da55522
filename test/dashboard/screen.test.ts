import { expect, test } from 'vitest'
import { type BoardData, type Call, NOTHING_YET } from '../../src/dashboard/board-data.ts'
import { cellsOf, inCells } from '../../src/dashboard/cells.ts'
import { bar, chart, percentOf, short } from '../../src/dashboard/figures.ts'
import { textOf } from '../../src/dashboard/line.ts'
import { drawScreen } from '../../src/dashboard/screen.ts'
import { firstUi, VIEWS } from '../../src/dashboard/ui-state.ts'

const CALL: Call = {
  ...{
    id: '01A',
    request_id: 'r',
    timestamp: '2026-03-10T12:00:00.000Z',
    tenant_id: 'acme',
    key_id: 'key_1',
  },
  ...{ route_id: 'search', method: 'GET', endpoint: '/x', status_code: 200, outcome: 'ok', refusal: '' },
  ...{ billable: true, response_time_ms: 42, source: 'gateway', count: 1 },
}

test('names from outside cannot write on the terminal: what moves or turns it becomes a dot', () => {
  const call = { ...CALL, endpoint: '/a\u001b[2J\u202eb\u0007', tenant_id: 'x\r\ny' }
  const lines = drawn([call])
  expect(lines.join('\n')).toMatch(/\/a·\[2J·b· .*x··y/)
  expect(lines.join('').match(/\p{Cc}|\u202e/gu)).toBeNull()
})

test('no page passes on what a terminal would obey, wherever it comes from', () => {
  const evil = `\u001b]0;owned\u0007\u009b2J\u202e<b>\u200f${'👩‍👩‍👧'.repeat(300)}`
  const data: BoardData = {
    ...NOTHING_YET,
    calls: [{ ...CALL, endpoint: evil, tenant_id: evil, key_id: evil, refusal: evil, method: evil }],
    tenants: [{ id: 'acme', name: evil, plan: evil, state: evil } as any],
    requests: [
      {
        id: evil,
        tenant_id: evil,
        name: evil,
        reason: evil,
        mode: evil,
        created_at: evil,
        requested_by: evil,
      } as any,
    ],
    health: [{ check: evil, verdict: 'warning', detail: evil, fix: evil } as any],
    degraded: [{ from: evil, tenant_id: evil, mode: evil, admitted: 1, refused: 1 } as any],
    problems: new Map([['traffic', evil]]),
  }
  for (const view of VIEWS) {
    const ui = { ...firstUi(view), note: evil, search: '' }
    const lines = drawScreen({ data, ui, place: evil, columns: 80, rows: 24 }).map(textOf)
    expect(lines.join(''), view).not.toMatch(/[\p{Cc}\u202e\u200f]/u)
    for (const each of lines) expect(cellsOf(each), `${view}: ${each}`).toBeLessThanOrEqual(80)
  }
})

test('letters that take two cells leave the columns where they are', () => {
  const [one, other] = [drawn([{ ...CALL, endpoint: '/顧客/検索' }]), drawn([CALL])]
  const cellsBefore = (lines: readonly string[]) => {
    const row = lines.find((each) => each.includes('›')) ?? ''
    return cellsOf(row.slice(0, row.indexOf(' 200 ')))
  }
  expect(cellsBefore(one)).toBe(cellsBefore(other))
  expect(inCells('顧客検索', 5)).toBe('顧客…')
})

test('two lists side by side: the right one begins in one column, whatever stands beside it', () => {
  const calls = Array.from({ length: 5 }, (_, at) => ({ ...CALL, id: `0${at}` }))
  const data: BoardData = {
    ...NOTHING_YET,
    calls,
    tenants: [{ id: 'acme', name: 'Acme', plan: 'enterprise', state: 'active' } as any],
  }
  for (let columns = 150; columns <= 200; columns += 1) {
    const lines = drawScreen({ data, ui: firstUi('traffic'), place: 'x', columns, rows: 30 }).map(textOf)
    const heading = lines.find((each) => each.includes('UTC       METHOD')) ?? ''
    const rows = lines.filter((each) => each.includes('12:00:00'))
    expect(rows, `${columns} columns`).toHaveLength(calls.length)
    const begins = rows.map((each) => each.indexOf('12:00:00'))
    expect(new Set(begins), `${columns} columns`).toEqual(new Set([heading.indexOf('UTC ')]))
    expect(heading).toMatch(/TENANT +.*REQUESTS +LIMIT +QUOTA/)
  }
})

test('a call is a line with method, path, status, milliseconds, tenant and key', () => {
  expect(drawn([CALL]).find((each) => each.includes('›'))).toMatch(
    /^› 12:00:00 {2}GET +\/x +200 +42 {2}acme +key_1/,
  )
})

test.each([
  { percent: 0, full: 0, why: 'nothing is used' },
  { percent: 0.1, full: 1, why: 'a little shows' },
  { percent: 50, full: 5, why: 'half' },
  { percent: 99, full: 9, why: 'nearly all is not all' },
  { percent: 100, full: 10, why: 'all' },
  { percent: 250, full: 10, why: 'more than all is no longer' },
])('a bar of $percent % has $full of 10 cells: $why', ({ percent, full }) => {
  expect(bar(percent, 10)).toBe('█'.repeat(full) + '░'.repeat(10 - full))
})

test('figures are never said to be more than they are', () => {
  expect([short(999), short(14_299), short(999_999), short(3_190_000)]).toEqual([
    '999',
    '14.2K',
    '999K',
    '3.1M',
  ])
  expect([percentOf(99_999, 100_000), percentOf(5, 0), percentOf(0, 0)]).toEqual([99, 100, 0])
})

test('a chart is as high as its highest column, and shows the last that have room', () => {
  expect(chart([9, 0, 1, 4, 8], 4, 2)).toEqual(['   █', ' ▂██'])
})

function drawn(calls: readonly Call[]): readonly string[] {
  const data = { ...NOTHING_YET, calls }
  return drawScreen({ data, ui: firstUi('tail'), place: 'x', columns: 80, rows: 20 }).map(textOf)
}
