import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { admitted, guardedNodes, hour } from '../../support/guarded-nodes.ts'
import { startRedis } from '../../support/services/redis.ts'

const redis = await startRedis()
const { node } = guardedNodes(redis)

test.each([
  { what: 'a word', answer: '+OK\r\n' },
  { what: 'nothing', answer: '$-1\r\n' },
  { what: 'a number', answer: ':1\r\n' },
  { what: 'a list of numbers', answer: '*2\r\n:1\r\n:0\r\n' },
  { what: 'one number too few', answer: bulk(3 * 20) },
  { what: 'one number too many', answer: bulk(3 * 20 + 2) },
  { what: 'part of a number', answer: '$4\r\n\0\0\0\0\r\n' },
])('$what where decisions belong decides nothing: each call is decided here, once', async ({ answer }) => {
  const proxy = await FaultProxy.start(redis.port)
  const { takeAll, take, counters, tally, back } = await node({ port: proxy.port })
  const asked = [hour({ amount: 1_000 })]
  expect(await take(asked)).toBe('admitted')
  proxy.fault = { answer }
  expect(admitted(await takeAll(asked, 20))).toBe(20)
  expect(counters.isAlone).toBe(true)
  expect(tally.drain()).toMatchObject([{ admitted: 20, refused: 0 }])
  proxy.fault = 'pass'
  await back()
  expect((await counters.peek(asked, systemClock.nowMs())).remaining).toEqual([979])
})

/** So many numbers, all 0, as the script answers them. */
function bulk(numbers: number): string {
  return `$${8 * numbers}\r\n${'\0'.repeat(8 * numbers)}\r\n`
}
