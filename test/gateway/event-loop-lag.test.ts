import { describe, expect, test } from 'vitest'
import { EventLoopLag, LAG_EVERY_MS } from '../../src/gateway/event-loop-lag.ts'
import { shiftedClock } from '../../src/lib/clock.ts'
import { until } from '../support/until.ts'

describe('how late an event loop is', () => {
  test.each([
    { ticks: [], lagMs: 0, why: 'nothing was seen yet' },
    { ticks: [0, 0, 0], lagMs: 0, why: 'it is on time' },
    { ticks: [3_000], lagMs: 0, why: 'one late moment may be a pause' },
    { ticks: [3_000, 0], lagMs: 0, why: 'and was one' },
    { ticks: [3_000, 2_000], lagMs: 2_000, why: 'two late moments in a row are not' },
    { ticks: [500, 3_000], lagMs: 500, why: 'what both were late counts' },
    { ticks: [3_000, 3_000, 0], lagMs: 0, why: 'it caught up' },
    { ticks: [-20, -5], lagMs: 0, why: 'a timer may be early' },
  ])('$lagMs ms after $ticks: $why', ({ ticks, lagMs }) => {
    let nowMs = 1_000
    const lag = new EventLoopLag(nowMs)
    for (const lateMs of ticks) {
      nowMs += LAG_EVERY_MS + lateMs
      lag.tick(nowMs)
    }
    expect(lag.lagMs).toBe(lagMs)
  })

  test('is seen while it has more work than it can do, and is over when it has not', async () => {
    const clock = shiftedClock(0)
    const lag = new EventLoopLag(clock.monotonicMs())
    const ticking = setInterval(() => lag.tick(clock.monotonicMs()), LAG_EVERY_MS)
    let isBusy = true
    const work = (): void => {
      const endMs = clock.monotonicMs() + 100
      while (clock.monotonicMs() < endMs);
      if (isBusy) setImmediate(work)
    }
    work()
    await until('it is late', () => (lag.lagMs > 50 ? true : undefined))
    isBusy = false
    await until('it is on time', () => (lag.lagMs < 50 ? true : undefined))
    clearInterval(ticking)
  })
})
