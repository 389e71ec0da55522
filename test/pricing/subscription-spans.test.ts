import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { type Period, periodAt } from '../../src/model/period.ts'
import type { Proration } from '../../src/model/proration.ts'
import { exactly, formatExactly, sumOf } from '../../src/model/rational.ts'
import type { Subscription } from '../../src/model/tenant.ts'
import { priceUsage } from '../../src/pricing/price-usage.ts'
import { readPrice } from '../../src/pricing/read-price.ts'
import { type SpanTerms, subscriptionSpans } from '../../src/pricing/subscription-spans.ts'

const at = (text: string): number =>
  Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds
const MARCH = periodAt('month', 'Europe/Berlin', at('2026-03-15'))

const TERMS: Readonly<Record<string, SpanTerms>> = {
  basic: terms('29.00', { model: 'per_unit', unit: '0.01', included: '10000' }),
  pro: terms('62.00', { model: 'per_unit', unit: '0.005', included: '31000', minimum: '31' }),
  tiers: terms('10', {
    model: 'graduated',
    tiers: [
      { up_to: '1000', unit: '0' },
      { up_to: '2000', unit: '0.5' },
      { up_to: null, unit: '0.1' },
    ],
  }),
}

function terms(fee: string, price: Record<string, unknown>): SpanTerms {
  return {
    charges: [
      { id: 'fee', meter: null, price: readPrice({ model: 'flat', amount: fee }) },
      { id: 'calls', meter: 'calls', price: readPrice(price) },
    ],
    quotas: [],
  }
}

function held(
  planId: string,
  from: string,
  to: string | null,
  more: Partial<Subscription> = {},
): Subscription {
  const [startMs, endMs] = [at(from), to === null ? null : at(to)]
  return { id: `${planId} ${from}`, tenantId: 'acme', planId, planVersion: 1, startMs, endMs, ...more }
}

function spansOf(
  subscriptions: readonly Subscription[],
  proration: Partial<Proration> = {},
  used: Readonly<Record<string, string>> = {},
  period: Period = MARCH,
) {
  return subscriptionSpans({
    period,
    subscriptions,
    timezone: 'Europe/Berlin',
    termsOf: ({ planId }) => TERMS[planId],
    usedOf: ({ id }) => exactly(used[id] ?? '0'),
    proration: { fee: 'days', quota: 'carry', ...proration },
  })
}

function shown(spans: ReturnType<typeof spansOf>) {
  return spans.map(({ subscription, fees, metered }) => {
    const [fee, calls] = [fees[0]!, metered[0]!]
    const part = [formatExactly(fee.amount), fee.method, formatExactly(calls.included), calls.method]
    return [subscription.planId, ...part].join(' ')
  })
}

describe('the part of a fee', () => {
  const upgrade = [held('basic', '2026-01-05', '2026-03-16T12:00'), held('pro', '2026-03-16T12:00', null)]

  test.each([
    {
      why: 'all of it for the whole period',
      subscriptions: [held('basic', '2026-01-05', null)],
      fees: ['basic 29 whole 10000 whole'],
    },
    {
      why: 'the day of a change belongs to the new plan: 15 and 16 of 31 days',
      subscriptions: upgrade,
      fees: ['basic 435/31 days 10000 carry', 'pro 32 days 31000 carry'],
    },
    {
      why: 'a plan that came and went within a day has no day',
      subscriptions: [held('basic', '2026-03-10T09:00', '2026-03-10T17:00')],
      fees: ['basic 0 days 10000 carry'],
    },
    {
      why: 'nothing of a trial, and what follows begins with its own part',
      subscriptions: [
        held('pro', '2026-03-01', '2026-03-16', { isTrial: true }),
        held('pro', '2026-03-16', null),
      ],
      fees: ['pro 0 trial 31000 trial', 'pro 32 days 31000 carry'],
    },
    {
      why: 'a change that was taken back before it began is not there',
      subscriptions: [held('basic', '2026-03-01', null), held('pro', '2026-03-20', '2026-03-20')],
      fees: ['basic 29 whole 10000 whole'],
    },
  ])('is, by days, $why', ({ subscriptions, fees }) => {
    expect(shown(spansOf(subscriptions))).toEqual(fees)
  })

  test('is by seconds to the moment: the hour that March lacks in Berlin is in neither part', () => {
    const [basic, pro] = spansOf(upgrade, { fee: 'seconds' })
    // 15.5 days are 372 hours; the month has 743.
    expect(formatExactly(basic!.fees[0]!.amount)).toBe('10788/743')
    expect(pro!.share).toEqual({ left: 371n * 3_600_000n, whole: 743n * 3_600_000n })
  })

  test.each([
    { used: '7000', amount: '20.3', why: '$8.70 of $29 come back after 7,000 of 10,000 calls, not $14.50' },
    { used: '1000', amount: '14.5', why: 'time is more than use: half of it comes back' },
    { used: '12000', amount: '29', why: 'all was used: nothing comes back' },
  ])('is by consumption $amount after $used calls: $why', ({ used, amount }) => {
    const june = periodAt('month', 'Europe/Berlin', at('2026-06-10'))
    const left = held('basic', '2026-06-01', '2026-06-16')
    const subscriptions = [left, held('pro', '2026-06-16', null)]
    const spans = spansOf(subscriptions, { fee: 'consumption' }, { [left.id]: used }, june)
    expect(spans.map(({ fees }) => formatExactly(fees[0]!.amount))).toEqual([amount, '31'])
    expect(spans.map(({ fees }) => fees[0]!.method)).toEqual(['consumption', 'days'])
  })

  test('adds up to one whole fee over any changes that keep it, by days and by seconds', () => {
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 31 * 24 - 2 }), { maxLength: 6 })
    fc.assert(
      fc.property(days, fc.constantFrom('days', 'seconds'), (hours, fee) => {
        const moments = [0, ...hours.toSorted((one, other) => one - other)]
        const subscriptions = moments.map((hour, index) => {
          const next = moments[index + 1]
          const endMs = next === undefined ? null : MARCH.startMs + next * 3_600_000
          const version = { id: `v${index}`, planVersion: index + 1, planSinceMs: MARCH.startMs }
          return {
            ...held('basic', '2026-03-01', null),
            ...version,
            startMs: MARCH.startMs + hour * 3_600_000,
            endMs,
          }
        })
        const spans = spansOf(subscriptions, { fee })
        expect(formatExactly(sumOf(spans.map(({ fees }) => fees[0]!.amount)))).toBe('29')
      }),
    )
  })
})

describe('what a plan that begins inside of a period includes', () => {
  const basic = held('basic', '2026-01-05', '2026-03-16')
  const upgrade = [basic, held('pro', '2026-03-16', null)]

  test.each([
    { quota: 'carry', included: '26000', why: 'all of it, less the 5,000 used before' },
    { quota: 'fresh', included: '31000', why: 'all of it' },
    { quota: 'prorate', included: '16000', why: '16 of 31 days' },
  ] as const)('is, by $quota, $included: $why', ({ quota, included }) => {
    const [before, after] = spansOf(upgrade, { quota }, { [basic.id]: '5000' })
    expect(formatExactly(before!.metered[0]!.included)).toBe('10000')
    expect(formatExactly(after!.metered[0]!.included)).toBe(included)
    expect(formatExactly(after!.metered[0]!.price.included)).toBe(included)
  })

  test('is never less than nothing, and its minimum is for its days', () => {
    const [, after] = spansOf(upgrade, {}, { [basic.id]: '50000' })
    expect(formatExactly(after!.metered[0]!.included)).toBe('0')
    expect(formatExactly(after!.metered[0]!.price.minimum)).toBe('16')
  })

  test('is rounded up to a whole call, in the favour of who pays', () => {
    const [only] = spansOf([held('basic', '2026-03-10', null)], { quota: 'prorate' })
    // 10,000 × 22 ÷ 31 = 7,096.77…
    expect(formatExactly(only!.metered[0]!.included)).toBe('7097')
  })

  test('takes what is missing off a first tier that is free, and moves the tiers after it', () => {
    const [only] = spansOf([held('tiers', '2026-03-17', null)], { quota: 'prorate' })
    const { price, included } = only!.metered[0]!
    expect(formatExactly(included)).toBe('484')
    const cost = (quantity: string) => formatExactly(priceUsage(price, { quantity: exactly(quantity) }).exact)
    expect(['484', '485', '1484', '1485'].map(cost)).toEqual(['0', '0.5', '500', '500.1'])
  })

  test('is shared by all versions of one plan without a break, whatever the method', () => {
    const first = held('basic', '2026-03-01', '2026-03-16')
    const second = held('basic', '2026-03-16', null, { planVersion: 2, planSinceMs: first.startMs })
    for (const quota of ['carry', 'fresh', 'prorate'] as const) {
      const [, after] = spansOf([first, second], { quota }, { [first.id]: '4000' })
      expect(formatExactly(after!.metered[0]!.included)).toBe('6000')
    }
  })
})
