import { expect, test } from 'vitest'
import { UpstreamLog } from '../../src/gateway/upstream-log.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { NOON } from '../support/control-store.ts'

test('each api and reason is told once, then with how often, ten seconds later', () => {
  const clock = new ManualClock(NOON)
  const told: string[] = []
  const log = new UpstreamLog((what, detail) => told.push(`${what}: ${detail}`), clock)
  const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  for (let time = 0; time < 5; time += 1) log.failed('shop', refused)
  log.failed('shop', Object.assign(new Error('too slow'), { code: 'UND_ERR_HEADERS_TIMEOUT' }))
  log.failed('books', refused)
  log.failed('books', new TypeError('odd'))
  clock.advance(10_000)
  log.failed('shop', refused)
  expect(told).toEqual([
    'calls to the upstream of shop fail: connect refused (ECONNREFUSED)',
    'calls to the upstream of shop fail: too slow (UND_ERR_HEADERS_TIMEOUT)',
    'calls to the upstream of books fail: connect refused (ECONNREFUSED)',
    'calls to the upstream of books fail: odd (TypeError)',
    'calls to the upstream of shop fail: connect refused (ECONNREFUSED), and 4 times before',
  ])
})
