import { inCells } from '../cells.ts'
import { wrapped } from '../columns.ts'
import { BLANK, faint, type Line, line, strong, toned } from '../line.ts'
import type { Page } from './page.ts'

/** What the doctor finds, and calls that were decided while the shared counters were away. */
export function healthPage({ data, columns, rows }: Page): readonly Line[] {
  if (data.health === undefined) return [line(faint('looking …'))]
  const worstFirst = data.health.toSorted((one, other) => RANKS[one.verdict] - RANKS[other.verdict])
  const found = worstFirst.flatMap(({ check, verdict, detail, fix }) => [
    ...wrapped(`${inCells(check, 16)} ${detail}`, columns - 4).map((text, place) =>
      line(place === 0 ? toned(TONES[verdict], `${MARKS[verdict]} `) : '    ', text),
    ),
    ...(fix === null ? [] : wrapped(fix, columns - 6).map((text) => line(faint(`  → ${text}`)))),
  ])
  const degraded = data.degraded ?? []
  const alone = [
    BLANK,
    degraded.length === 0
      ? line(faint('Every call was decided by counters that all nodes share, or of this one node.'))
      : line(strong('Decided without the shared counters:')),
    ...degraded.map(({ from, tenant_id: tenant, mode, admitted, refused }) =>
      line(
        `  ${from.slice(0, 19).replace('T', ' ')}  ${inCells(tenant, 16)} ${mode}: ${admitted} admitted, ${refused} refused`,
      ),
    ),
  ]
  return [...found, ...alone].slice(0, rows)
}

const MARKS = { ok: '✓', warning: '!', failure: '✗' } as const
const RANKS = { failure: 0, warning: 1, ok: 2 } as const
const TONES = { ok: 'good', warning: 'warn', failure: 'bad' } as const
