import { stepFreesAtMs, stepStartMs } from '../../limits/window.ts'
import { STEPS_PER_WINDOW } from '../ports/counters.ts'
import { B_COUNTS, type CounterTable, R_BASE, R_FIRST, R_LAST, R_USED } from './counter-table.ts'

/**
 * The counts of a window in sub-windows: one block, a ring of 61 counts.
 *
 * `R_BASE` of the record is the newest sub-window; it and the 60 before it count.
 */
const RING = STEPS_PER_WINDOW + 1

/** Gives an empty record its ring. Needs one block. */
export function startSteps(table: CounterTable, at: number, record: number, newest: number): void {
  const block = table.allocate(at)
  table.ints.fill(0, block + B_COUNTS, block + B_COUNTS + RING)
  table.ints[record + R_FIRST] = block
  table.ints[record + R_LAST] = block
  table.doubles[record / 2 + R_BASE] = newest
}

/** Moves the ring on so that `now` is its newest sub-window. */
export function forgetSteps(table: CounterTable, record: number, now: number): void {
  const newest = table.getDouble(record / 2 + R_BASE)
  if (now <= newest) return
  const counts = table.get(record + R_FIRST) + B_COUNTS
  if (now - newest >= RING) {
    table.ints.fill(0, counts, counts + RING)
    table.ints[record + R_USED] = 0
  } else {
    for (let step = newest + 1; step <= now; step += 1) {
      const place = counts + (step % RING)
      table.ints[record + R_USED] = table.get(record + R_USED) - table.get(place)
      table.ints[place] = 0
    }
  }
  table.doubles[record / 2 + R_BASE] = now
}

/** Adds `calls` to a sub-window; one that expired already is not counted. */
export function addToStep(table: CounterTable, record: number, step: number, calls: number): void {
  forgetSteps(table, record, step)
  if (step <= table.getDouble(record / 2 + R_BASE) - RING) return
  const place = table.get(record + R_FIRST) + B_COUNTS + (step % RING)
  table.ints[place] = table.get(place) + calls
  table.ints[record + R_USED] = table.get(record + R_USED) + calls
}

/** When the oldest counted call stops counting. Only when there is one. */
export function oldestStepFreesAtMs(table: CounterTable, record: number, windowMs: number): number {
  return stepWithRoomMs(table, record, 1, windowMs)
}

/** The first moment at which `calls` of the counted ones no longer count. Only when so many are there. */
export function stepWithRoomMs(table: CounterTable, record: number, calls: number, windowMs: number): number {
  const newest = table.getDouble(record / 2 + R_BASE)
  const counts = table.get(record + R_FIRST) + B_COUNTS
  let left = calls
  let step = newest - RING
  let place = step % RING
  while (left > 0 && step < newest) {
    step += 1
    place = place + 1 < RING ? place + 1 : 0
    left -= table.get(counts + place)
  }
  return stepFreesAtMs(step, windowMs)
}

/** All counted sub-windows with their calls, each at its last moment up to `nowMs`, oldest first. */
export function readSteps(
  table: CounterTable,
  record: number,
  windowMs: number,
  nowMs: number,
): [number, number][] {
  const newest = table.getDouble(record / 2 + R_BASE)
  const counts = table.get(record + R_FIRST) + B_COUNTS
  const counted: [number, number][] = []
  for (let step = newest - STEPS_PER_WINDOW; step <= newest; step += 1) {
    const calls = table.get(counts + (step % RING))
    if (calls > 0) counted.push([Math.min(nowMs, stepStartMs(step + 1, windowMs) - 1), calls])
  }
  return counted
}
