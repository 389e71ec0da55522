import { inCells } from '../cells.ts'
import { BLANK, faint, type Line, line, strong } from '../line.ts'
import type { Page } from './page.ts'

/** What the keys do. */
export function helpPage({ rows }: Page): readonly Line[] {
  return [
    line(strong('Keys')),
    ...KEYS.map(([keys, what]) => line('  ', strong(inCells(keys, 16)), what)),
    BLANK,
    line(faint('Live figures are counted by the gateway as calls end. "metered" is calls whose event is')),
    line(faint('durable, of calls that are complete. "this month" is what gatez usage report says.')),
    line(faint('Any key goes back.')),
  ].slice(0, rows)
}

const KEYS = [
  ['1 … 6, Tab', 'the pages'],
  ['↑ ↓ j k', 'choose a row; PgUp, PgDn, g and G go far'],
  ['Enter, →', 'open it: tenant, key, call, and why'],
  ['Esc, ←', 'back'],
  ['/', 'search: only rows with these words; Esc ends it'],
  ['f', 'tail: every status, 4xx and 5xx, 5xx, 429'],
  ['o', 'tenants: by requests, by fullness, by name'],
  ['p, Space', 'pause and go on'],
  ['u', 'read everything now'],
  ['a, r', 'approvals: approve, reject with a reason'],
  ['q, Ctrl-C', 'leave'],
] as const
