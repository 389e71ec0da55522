import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stepAt, stepFreesAtMs, stepStartMs } from '../../src/limits/window.ts'

const windows = fc.integer({ min: 1, max: 400 * 86_400_000 })
const moments = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) })

test('every moment lies in its sub-window', () => {
  fc.assert(
    fc.property(moments, windows, (nowMs, windowMs) => {
      const step = stepAt(nowMs, windowMs)
      expect(stepStartMs(step, windowMs)).toBeLessThanOrEqual(nowMs)
      expect(stepStartMs(step + 1, windowMs)).toBeGreaterThan(nowMs)
    }),
    { numRuns: 5_000 },
  )
})

test('a call stops counting after its window, and at most a sixtieth of it late', () => {
  fc.assert(
    fc.property(moments, windows, (nowMs, windowMs) => {
      const freesAtMs = stepFreesAtMs(stepAt(nowMs, windowMs), windowMs)
      expect(freesAtMs).toBeGreaterThan(nowMs + windowMs - 1)
      expect(freesAtMs).toBeLessThanOrEqual(nowMs + windowMs + Math.ceil(windowMs / 60) + 1)
    }),
    { numRuns: 5_000 },
  )
})
