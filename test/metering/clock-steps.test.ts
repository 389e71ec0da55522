import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { periodAt } from '../../src/model/period.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { usageEvent } from '../support/usage-events.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Moments at which clocks are set somewhere, or a month is longer or shorter than others. */
const MOMENTS = [
  { zone: 'Europe/Berlin', ms: Date.UTC(2026, 2, 29, 1), what: 'an hour is left out' },
  { zone: 'Europe/Berlin', ms: Date.UTC(2026, 9, 25, 1), what: 'an hour comes twice' },
  { zone: 'America/New_York', ms: Date.UTC(2026, 10, 1, 6), what: 'an hour comes twice' },
  { zone: 'Australia/Lord_Howe', ms: Date.UTC(2026, 3, 4, 15), what: 'half an hour comes twice' },
  { zone: 'America/Sao_Paulo', ms: Date.UTC(2018, 10, 4, 3), what: 'midnight is left out' },
  { zone: 'Asia/Kathmandu', ms: Date.UTC(2028, 1, 29, 18, 15), what: 'a leap day begins, 5:45 ahead' },
  { zone: 'UTC', ms: Date.UTC(2028, 2, 1), what: 'a leap day ends' },
  { zone: 'Pacific/Apia', ms: Date.UTC(2011, 11, 30, 10), what: 'a whole day is left out' },
] as const

test('ids are unique and rise, whatever steps the clock makes, an hour back or ahead', () => {
  const steps = fc.array(
    fc.oneof(fc.constantFrom(-HOUR, HOUR, 0, 1), fc.integer({ min: -HOUR, max: HOUR })),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (each, perStep) => {
      const clock = new ManualClock(Date.UTC(2026, 9, 25))
      const maker = new UlidMaker(clock, { epoch: 7, thread: 3 })
      const ids = each.flatMap((ms) => {
        clock.advance(ms)
        return Array.from({ length: perStep }, () => maker.next())
      })
      expect(ids.toSorted()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }),
  )
})

test('ids of two runs differ, though the clock was set back between them', () => {
  const clock = new ManualClock(Date.UTC(2026, 9, 25, 2))
  const before = new UlidMaker(clock, { epoch: 1, thread: 0 })
  const first = Array.from({ length: 1_000 }, () => before.next())
  clock.advance(-HOUR)
  const after = new UlidMaker(clock, { epoch: 2, thread: 0 })
  const second = Array.from({ length: 1_000 }, () => after.next())
  expect(new Set([...first, ...second]).size).toBe(2_000)
})

test.each(MOMENTS)(
  '$zone, where $what: each moment is in exactly one period, and none between',
  ({ zone, ms }) => {
    const cycle = fc.constantFrom('day', 'week', 'month', 'year')
    fc.assert(
      fc.property(cycle, fc.integer({ min: -2 * DAY, max: 2 * DAY }), (per, offset) => {
        const at = ms + offset
        const period = periodAt(per, zone, at)
        expect(period.startMs).toBeLessThanOrEqual(at)
        expect(period.endMs).toBeGreaterThan(at)
        // The next begins where this one ends, and the one before ends where it begins.
        expect(periodAt(per, zone, period.endMs).startMs).toBe(period.endMs)
        expect(periodAt(per, zone, period.startMs - 1).endMs).toBe(period.startMs)
        expect(periodAt(per, zone, period.startMs)).toEqual(period)
        expect(periodAt(per, zone, period.endMs - 1)).toEqual(period)
      }),
    )
  },
)

test.each(MOMENTS)(
  '$zone, where $what: a report by day has every event once, on its day',
  async ({ zone, ms }) => {
    await using store = await openSqlControlStore(
      sqliteEngine(openSqliteFile(':memory:')),
      new ManualClock(0),
    )
    const first = periodAt('day', zone, ms - 2 * DAY)
    const endMs = periodAt('day', zone, ms + 2 * DAY).endMs
    const step = 7 * 60_000
    const times = Array.from(
      { length: Math.floor((endMs - first.startMs) / step) },
      (_, at) => first.startMs + at * step,
    )
    const events = times.map((timestampMs, index) => usageEvent({ seq: index + 1, timestampMs }))
    const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: events.length }
    await store.transaction(({ ledger }) => ledger.apply(rollUp(events), advance))
    const span = { startMs: first.startMs, endMs }
    const { rows, total } = await usageReport(store, { span, timezone: zone, by: ['day'], tenant: undefined })
    expect(total.requests).toBe(events.length)
    expect(rows.reduce((sum, { totals }) => sum + totals.requests, 0)).toBe(events.length)
    for (const { period, totals } of rows) {
      const ofDay = times.filter((time) => time >= period.startMs && time < period.endMs)
      expect(totals.requests).toBe(ofDay.length)
      expect(periodAt('day', zone, period.startMs)).toEqual(period)
    }
  },
)
