import { cut, inCells } from '../cells.ts'
import { wrapped } from '../columns.ts'
import { grouped } from '../figures.ts'
import { BLANK, faint, type Line, line, strong, toned } from '../line.ts'
import { openCall } from '../ui-state.ts'
import type { Page } from './page.ts'

/** One call, and why what happened to it did: what `gatez why` says. */
export function callPage({ data, ui, columns, rows }: Page): readonly Line[] {
  const id = openCall(ui)
  if (data.why === undefined || data.why.id !== id) {
    const problem = data.problems.get('why')
    return wrapped(problem ?? 'reading …', columns).map((text) => line(faint(text)))
  }
  const { call, verdict, because, limits, frees_at: freesAt, plans_that_pass: plans } = data.why.answer
  const { text: decided, tone } = VERDICTS[verdict]
  const fields = [
    ['when', call.timestamp],
    ['tenant', call.tenant_id || '–'],
    ['key', call.key_id || '–'],
    ['plan', call.plan_id === '' ? '–' : `${call.plan_id} version ${call.plan_version}`],
    ['route', `${call.api_id} ${call.route_id}`],
    ['took', `${call.response_time_ms} ms, ${grouped(call.bytes_sent)} bytes sent`],
    [
      'metered',
      [`${call.usage_units} units`, ...Object.entries(call.quantities).map((each) => each.join(' '))].join(
        ', ',
      ),
    ],
    ['request', call.request_id],
    ['event', call.id],
  ] as const
  return [
    line(strong(cut(`${call.method} ${call.endpoint}`, columns))),
    line(
      toned(tone, decided),
      call.status_code === 0 ? '' : ` · ${call.status_code}`,
      call.refusal === '' ? '' : ` ${call.refusal}`,
    ),
    ...wrapped(because, columns).map((text) => line(text)),
    ...(freesAt === null ? [] : [line(`A call like it passes again from ${freesAt} on.`)]),
    ...(plans.length === 0 ? [] : [line(`It would have passed on: ${plans.join(', ')}.`)]),
    BLANK,
    ...fields.map(([name, value]) => line(faint(inCells(name, 9)), value)),
    ...(limits.length === 0 ? [] : [BLANK, line(faint('limits just before'))]),
    ...limits.map(({ id: limit, used_before: used, limit: amount, had_room: hadRoom }) =>
      line(
        `  ${inCells(limit, 20)} ${grouped(used)} of ${grouped(amount)} used, `,
        hadRoom ? toned('good', 'had room') : toned('bad', 'had no room'),
      ),
    ),
  ].slice(0, rows)
}

const VERDICTS = {
  billed: { text: 'Billed', tone: 'good' },
  not_billed: { text: 'Not billed', tone: 'warn' },
  refused: { text: 'Refused', tone: 'bad' },
} as const
