import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LongAnswers } from '../../src/gateway/long-answers.ts'
import type { Held } from '../../src/gateway/meter.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { NOON } from '../support/control-store.ts'

test('gives no part after its end, also where it ends while it is let go on', () => {
  const clock = new ManualClock(NOON)
  const parts: Held[] = []
  let bytes = 0
  const answer = new LongAnswers(clock).watch({
    startMonotonicMs: clock.monotonicMs(),
    isStream: true,
    bytesMoved: () => bytes,
    givePart: (held) => parts.push(held),
    pause: () => {},
    resume: () => {
      bytes += 100_000
      answer.end()
    },
  })
  bytes = 70_000
  answer.moved(bytes)
  bytes = 400_000
  answer.moved(bytes)
  parts[0]?.release()
  expect(parts).toHaveLength(1)
})

test('a stream never runs 256 KiB ahead of what is durable of it, whenever its parts become durable', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 65_536 }), { freq: 20 }), STEPS), (steps) => {
      const clock = new ManualClock(NOON)
      const pending: { readonly held: Held; readonly through: number }[] = []
      let [bytes, durable, paused] = [0, 0, false]
      const answer = new LongAnswers(clock).watch({
        startMonotonicMs: clock.monotonicMs(),
        isStream: true,
        bytesMoved: () => bytes,
        givePart: (held) => pending.push({ held, through: bytes }),
        pause: () => {
          paused = true
        },
        resume: () => {
          paused = false
        },
      })
      // A number is a piece of so many bytes, null that the part under way is durable.
      for (const step of steps) {
        if (step === null) {
          const part = pending.shift()
          durable = part?.through ?? durable
          part?.held.release()
        } else if (!paused) {
          bytes += step
          answer.moved(bytes)
        }
        expect(bytes - durable).toBeLessThan(262_144 + 65_536)
        expect(pending.length).toBeLessThanOrEqual(1)
      }
      answer.end()
    }),
  )
})

const STEPS = { minLength: 100, maxLength: 300 }
