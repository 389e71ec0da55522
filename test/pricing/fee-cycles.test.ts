import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { periodAt } from '../../src/model/period.ts'
import { compare, exactly, formatExactly, plus, rational, times, ZERO } from '../../src/model/rational.ts'
import { cycleFee, paidUntilMs } from '../../src/pricing/fee-cycles.ts'

const utc = (text: string) => Date.parse(`${text}T00:00:00Z`)
const month = (text: string) => periodAt('month', 'UTC', utc(`${text}-15`))
const YEAR = exactly('300')

function feeIn(text: string, { since, until = null }: { since: string; until?: string | null }) {
  const subscription = { startMs: utc(since), endMs: until === null ? null : utc(until) }
  return cycleFee(YEAR, 'year', { subscription, period: month(text), timezone: 'UTC' })
}
const amountIn = (text: string, held: Parameters<typeof feeIn>[1]) => {
  const fee = feeIn(text, held)
  return fee === undefined ? undefined : formatExactly(fee.amount)
}

describe('300 a year, billed by the month', () => {
  test.each([
    { in: '2026-02', amount: undefined, why: 'nothing before it begins' },
    { in: '2026-03', amount: '300', why: 'all of the year on the bill in which it begins' },
    { in: '2026-04', amount: undefined, why: 'nothing while it is paid' },
    { in: '2027-02', amount: undefined, why: 'the last month of the year' },
    { in: '2027-03', amount: '300', why: 'the next year' },
  ])('from 16 March 2026, in $in: $amount, $why', ({ in: text, amount }) => {
    expect(amountIn(text, { since: '2026-03-16' })).toBe(amount)
  })

  test.each([
    // 16 March 2026 to 2027 has 365 days.
    { until: '2026-07-01', in: '2026-06', amount: formatExactly(times(YEAR, rational(-258n, 365n))) },
    { until: '2026-07-02', in: '2026-07', amount: formatExactly(times(YEAR, rational(-257n, 365n))) },
    { until: '2026-03-20', in: '2026-03', amount: formatExactly(times(YEAR, rational(4n, 365n))) },
    { until: '2027-03-16', in: '2027-03', amount: undefined },
    { until: '2026-03-16', in: '2026-03', amount: undefined },
  ])('ended on $until, in $in: $amount', ({ until, in: text, amount }) => {
    expect(amountIn(text, { since: '2026-03-16', until })).toBe(amount)
  })

  test('says what it is for', () => {
    expect(feeIn('2026-03', { since: '2026-03-16' })).toMatchObject({
      span: { startMs: utc('2026-03-16'), endMs: utc('2027-03-16') },
      share: { left: 365n, whole: 365n },
    })
  })

  test('a year from 29 February ends on the 28th, and does not drift', () => {
    const held = { since: '2028-02-29' }
    expect(amountIn('2029-02', held)).toBe('300')
    expect(amountIn('2032-02', held)).toBe('300')
    expect(feeIn('2031-02', held)?.span).toEqual({ startMs: utc('2031-02-28'), endMs: utc('2032-02-29') })
  })
})

test('other prices of the same plan: the old one is paid up to the day, the new one from then on', () => {
  const period = month('2026-07')
  const since = { planSinceMs: utc('2026-03-16') }
  const old = { startMs: utc('2026-03-16'), endMs: utc('2026-07-16'), ...since }
  const next = { startMs: utc('2026-07-16'), endMs: null, ...since }
  const place = { period, timezone: 'UTC' }
  // 243 of 365 days are left.
  expect(cycleFee(YEAR, 'year', { ...place, subscription: old })?.amount).toEqual(
    times(YEAR, rational(-243n, 365n)),
  )
  expect(cycleFee(exactly('730'), 'year', { ...place, subscription: next })?.amount).toEqual(exactly('486'))
})

test('weeks in a month: as many as begin in it', () => {
  const subscription = { startMs: utc('2026-03-02'), endMs: null }
  const place = { subscription, timezone: 'UTC' }
  expect(cycleFee(exactly('5'), 'week', { ...place, period: month('2026-03') })?.amount).toEqual(
    exactly('25'),
  )
  expect(cycleFee(exactly('5'), 'week', { ...place, period: month('2026-04') })?.amount).toEqual(
    exactly('20'),
  )
})

test('all bills of a subscription add up to the days it held, wherever bills and cycles begin', () => {
  const cycles = fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'year' as const)
  const days = fc.nat(1_200)
  fc.assert(
    fc.property(cycles, cycles, days, days, (per, billed, from, length) => {
      const startMs = utc('2026-01-01') + from * 86_400_000
      const subscription = { startMs, endMs: startMs + length * 86_400_000 }
      let [sum, expected] = [ZERO, ZERO]
      for (let atMs = startMs; atMs < subscription.endMs + 1; ) {
        const period = periodAt(billed, 'UTC', atMs)
        sum = plus(sum, cycleFee(YEAR, per, { subscription, period, timezone: 'UTC' })?.amount ?? ZERO)
        atMs = period.endMs
      }
      const anchor = new Date(startMs).toISOString().slice(0, 10)
      for (let atMs = startMs; atMs < subscription.endMs; ) {
        const cycle = periodAt(per, 'UTC', atMs, anchor)
        const heldMs = Math.min(cycle.endMs, subscription.endMs) - atMs
        expected = plus(expected, times(YEAR, rational(BigInt(heldMs), BigInt(cycle.endMs - cycle.startMs))))
        atMs = cycle.endMs
      }
      expect(compare(sum, expected)).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('a plan is paid until its longest cycle ends', () => {
  const at = { nowMs: utc('2026-05-01'), timezone: 'UTC' }
  const subscription = { startMs: utc('2026-03-16'), endMs: null }
  expect(paidUntilMs([{ per: 'month' }, { per: 'year' }, {}], subscription, at)).toBe(utc('2027-03-16'))
  expect(paidUntilMs([{}], subscription, at)).toBeUndefined()
})
