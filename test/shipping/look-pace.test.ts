import { expect, test } from 'vitest'
import { LookPace } from '../../src/shipping/look-pace.ts'

/** The times of looks that take `tookMs`, asked for every 100 ms of the first 30 s. */
async function looksOf(tookMs: number): Promise<readonly number[]> {
  let nowMs = 0
  const looks: number[] = []
  const pace = new LookPace(() => nowMs)
  for (let askedMs = 0; askedMs < 30_000; askedMs += 100) {
    nowMs = Math.max(nowMs, askedMs)
    await pace.look(async () => {
      looks.push(nowMs)
      nowMs += tookMs
    })
  }
  return looks
}

test.each([
  [1, 30],
  [33, 30],
  [100, 10],
  [200, 5],
  [2_000, 3],
])('looks that take %d ms come %d times in 30 s', async (tookMs, count) => {
  expect(await looksOf(tookMs)).toHaveLength(count)
})

test('a look that fails is not made again at once', async () => {
  const pace = new LookPace(() => 5)
  await expect(pace.look(() => Promise.reject(new Error('the store is away')))).rejects.toThrow('the store')
  await pace.look(() => expect.unreachable())
})
