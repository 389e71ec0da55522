import type { BoardData } from '../board-data.ts'
import { chart, grouped, milliseconds } from '../figures.ts'
import { BLANK, beside, faint, type Line, line, type Piece, strong, toned } from '../line.ts'
import { callsShown, tenantsShown } from '../rows.ts'
import type { Page } from './page.ts'
import { callLines } from './tail.ts'
import { tenantLines } from './tenants.ts'

/** From here on two lists stand side by side. */
const WIDE = 150
/** Lines from here on are plenty. */
const HIGH = 36

/** What goes through the gateway: figures, how they ran, the busiest tenants, the last calls. */
export function trafficPage(page: Page): readonly Line[] {
  const { data, ui, columns, rows } = page
  const top = [...trafficLines(data, columns, rows >= HIGH ? 5 : 2), monthLine(data), BLANK]
  const left = rows - top.length
  const calls = callsShown(data, ui)
  if (left < 8) return [...top, ...callLines(page, calls, left)]
  const busiest = tenantsShown(data, { ...ui, search: '', order: 0, chosen: undefined })
  const list = (width: number, lines: number) =>
    tenantLines({ ...page, columns: width, ui: { ...ui, chosen: undefined } }, busiest, lines, false)
  if (columns >= WIDE) {
    const cells = Math.floor(columns * 0.4)
    const right = callLines({ ...page, columns: columns - cells - 2 }, calls, left)
    return [...top, ...beside(list(cells, left), right, cells + 2)]
  }
  const tenantRows = Math.min(busiest.length + 1, Math.floor(left / 3), 9)
  return [...top, ...list(columns, tenantRows), BLANK, ...callLines(page, calls, left - tenantRows - 1)]
}

/** The figures of the last minute and since the start, and a chart of so many lines. */
function trafficLines(data: BoardData, columns: number, height: number): readonly Line[] {
  const { traffic } = data
  if (traffic === undefined) return [line(faint('reading …'))]
  if (traffic === null) return [line(toned('warn', NOT_RUNNING.slice(0, columns)))]
  const { last_minute: minute, per_second: seconds } = traffic
  const refusals = Object.entries(minute.refusals).map(([code, times]) => `${code} ${grouped(times)}`)
  return [
    apart([
      figure('RPM', grouped(minute.requests)),
      figure('p50', milliseconds(minute.p50_ms)),
      figure('p95', milliseconds(minute.p95_ms)),
      figure('p99', milliseconds(minute.p99_ms)),
      figure('errors', percent(minute.errors_percent), minute.errors > 0 ? 'bad' : undefined),
      figure('metered', percent(traffic.metered_percent), isWhole(traffic) ? 'good' : 'bad'),
    ]),
    ...chart(seconds, columns, height).map((text) => line(toned('accent', text))),
    line(
      faint(`a second: now ${grouped(seconds.at(-1) ?? 0)}, most ${grouped(Math.max(0, ...seconds))} in `),
      faint(`${seconds.length} s · open ${grouped(traffic.open)} · limits hit `),
      refusals.length === 0 ? faint('none') : toned('warn', refusals.slice(0, 4).join(', ')),
    ),
    line(
      faint(
        `since ${traffic.since.slice(0, 16).replace('T', ' ')}: ${grouped(traffic.completed)} completed, `,
      ),
      faint(`${grouped(traffic.metered)} metered, ${grouped(traffic.refused)} refused`),
    ),
  ]
}

const NOT_RUNNING = 'No gateway runs on these stores: there is no live traffic. Start one: gatez serve'

function apart(figures: readonly (readonly Piece[])[]): Line {
  return { pieces: figures.flatMap((pieces, index) => (index === 0 ? pieces : [{ text: '   ' }, ...pieces])) }
}

function figure(name: string, value: string, tone?: 'good' | 'bad'): readonly Piece[] {
  const shown: Piece = tone === undefined ? strong(value) : { text: value, tone, bold: true }
  return [faint(`${name} `), shown]
}

/** What the ledger says of this month: the figures of `gatez usage report`. */
function monthLine({ report }: BoardData): Line {
  if (report === undefined) return line(faint('this month: reading …'))
  const { requests, billable, refused, amount } = report.total
  return line(
    ...[faint('this month '), strong(grouped(requests)), faint(' requests, '), strong(grouped(billable))],
    ...[faint(' billable, '), strong(grouped(refused)), faint(' refused')],
    ...(amount === null ? [] : [faint(', '), strong(`${amount} ${report.currency}`)]),
  )
}

function isWhole({ metered_percent: metered }: NonNullable<BoardData['traffic']>): boolean {
  return metered === null || Number(metered) >= 100
}

function percent(text: string | null): string {
  return text === null ? '–' : `${text} %`
}
