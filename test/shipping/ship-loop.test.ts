import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Shipper } from '../../src/shipping/ship.ts'
import { ShipLoop } from '../../src/shipping/ship-loop.ts'

/** A call must be in the reports within a second; shipping itself takes a part of it. */
const VISIBLE_MS_MAX = 500

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function looped(ship: () => Promise<number> = async () => 0) {
  const runs = vi.fn(ship)
  const errors: unknown[] = []
  const loop = new ShipLoop({ ship: runs } as unknown as Shipper, (error) => errors.push(error))
  return { loop, runs, errors }
}

test('many events are shipped in one run, soon after the first', async () => {
  const { loop, runs } = looped()
  for (let event = 0; event < 100; event += 1) loop.wake()
  expect(runs).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(VISIBLE_MS_MAX)
  expect(runs).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs).toHaveBeenCalledTimes(1)
})

test('events that come during a run are shipped by the next', async () => {
  const first = Promise.withResolvers<number>()
  const { loop, runs } = looped(() => first.promise)
  loop.wake()
  await vi.advanceTimersByTimeAsync(VISIBLE_MS_MAX)
  loop.wake()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs).toHaveBeenCalledTimes(1)
  first.resolve(1)
  await vi.advanceTimersByTimeAsync(VISIBLE_MS_MAX)
  expect(runs).toHaveBeenCalledTimes(2)
})

test('a run that failed is reported and tried again until it succeeds', async () => {
  let left = 3
  const { loop, runs, errors } = looped(async () => {
    left -= 1
    if (left > 0) throw new Error('the disk is away')
    return 1
  })
  loop.wake()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(errors).toEqual([new Error('the disk is away'), new Error('the disk is away')])
  expect(runs).toHaveBeenCalledTimes(3)
})

test('once stopped, nothing runs any more', async () => {
  const { loop, runs } = looped()
  loop.wake()
  loop.stop()
  loop.wake()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs).not.toHaveBeenCalled()
})
