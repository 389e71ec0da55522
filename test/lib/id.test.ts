import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker, ulidTimeMs } from '../../src/lib/id.ts'
import { randomFrom } from '../support/random.ts'

const NOON = Date.UTC(2026, 2, 15, 12)
const HOUR = 3_600_000

describe('ids of events', () => {
  test('rise and never repeat, however the clock steps', () => {
    const clock = new ManualClock(NOON)
    const maker = new UlidMaker(clock, { epoch: 1, thread: 0 })
    const random = randomFrom(1)
    const steps = [0, 0, 0, 1, 5, HOUR, -HOUR, -1]
    let last = ''
    let highestMs = 0
    for (let made = 0; made < 100_000; made += 1) {
      clock.advance(steps[random(steps.length)]!)
      highestMs = Math.max(highestMs, clock.nowMs())
      const id = maker.next()
      expect(id > last).toBe(true)
      last = id
    }
    expect(ulidTimeMs(last)).toBe(highestMs)
  })

  test('of other threads and other starts in the same millisecond are others', () => {
    const clock = new ManualClock(NOON)
    const places = [1, 2, 3].flatMap((epoch) => [0, 1, 31].map((thread) => ({ epoch, thread })))
    const makers = places.map((place) => new UlidMaker(clock, place))
    const ids = makers.flatMap((maker) => Array.from({ length: 5_000 }, () => maker.next()))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => ulidTimeMs(id) === NOON)).toBe(true)
  })
})
