import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Breath, breathe, breathing } from '../../src/lib/breath.ts'

/** How long a thread works before each pause that takes a breath after each piece of work; all in milliseconds. */
function work(pieces: readonly number[], pauses: readonly number[]) {
  let nowMs = 1_000
  const worked: number[] = []
  let workedMs = 0
  const pause = (): void => {
    worked.push(workedMs)
    nowMs += pauses[(worked.length - 1) % pauses.length] ?? 0
    workedMs = 0
  }
  const breath = new Breath({ nowMs: () => nowMs, pause })
  for (const piece of pieces) {
    nowMs += piece
    workedMs += piece
    breath.take()
  }
  return worked
}

test('a thread that works pauses each half a millisecond', () => {
  expect(
    work(
      Array.from({ length: 12 }, () => 0.125),
      [0.0625],
    ),
  ).toEqual([0.5, 0.5, 0.5])
})

test('one that waited long for its core works as long before it pauses again', () => {
  expect(
    work(
      Array.from({ length: 20 }, () => 0.5),
      [4, 0.0625, 1],
    ),
  ).toEqual([0.5, 4, 0.5, 1, 4])
})

test('whatever the work and the pauses: no pause too early, none later than the next chance', () => {
  const length = fc.integer({ min: 1, max: 400 }).map((sixteenths) => sixteenths / 16)
  const lengths = fc.array(length, { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(lengths, lengths, (pieces, pauses) => {
      const longest = Math.max(...pieces)
      const worked = work(pieces, pauses)
      for (const [index, afterMs] of worked.entries()) {
        const waited = pauses[(index - 1) % pauses.length] ?? 0
        const due = index === 0 ? 0.5 : Math.min(Math.max(0.5, waited), 20)
        expect(afterMs).toBeGreaterThanOrEqual(due)
        expect(afterMs).toBeLessThan(due + longest)
      }
    }),
  )
})

test('a thread that does not take breaths goes through items as they are', () => {
  breathe()
  expect([...breathing([3, 1, 2])]).toEqual([3, 1, 2])
})

test('one that does lets go of its core between them', async () => {
  const script = `
    const { readFileSync } = require('node:fs')
    const { parentPort } = require('node:worker_threads')
    const sleeps = () => Number(/^voluntary_ctxt_switches:\\s*(\\d+)/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))[1])
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); }
    import(${JSON.stringify(new URL('../../src/lib/breath.ts', import.meta.url).href)}).then(({ breathing, takeBreaths }) => {
      takeBreaths()
      const before = sleeps()
      const worked = []
      for (const item of breathing([1, 2, 3, 4, 5, 6, 7, 8])) {
        spin(21)
        worked.push(item)
      }
      parentPort.postMessage({ worked, slept: sleeps() - before })
    })`
  const worker = new Worker(script, { eval: true })
  const [{ worked, slept }] = await once(worker, 'message')
  await worker.terminate()
  expect(worked).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  // Before each but the first: more work than the longest there is from one pause to the next.
  expect(slept).toBeGreaterThanOrEqual(7)
})
