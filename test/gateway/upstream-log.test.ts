import { expect, test } from 'vitest'
import { UpstreamLog } from '../../src/gateway/upstream-log.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { NOON } from '../support/control-store.ts'

test('each upstream and reason is told once, then with how often, ten seconds later', () => {
  const clock = new ManualClock(NOON)
  const told: string[] = []
  const log = new UpstreamLog((what, detail) => told.push(`${what}: ${detail}`), clock)
  const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  const late = Object.assign(new Error('too slow'), { code: 'UND_ERR_HEADERS_TIMEOUT' })
  const shop = { apiId: 'shop', url: 'http://a' }
  const books = { apiId: 'books', url: 'http://a' }
  for (let time = 0; time < 5; time += 1) log.failed({ ...shop, error: refused })
  log.failed({ ...shop, error: late })
  log.failed({ ...shop, url: 'http://b', error: late })
  log.failed({ ...books, error: refused })
  log.failed({ ...books, error: new TypeError('odd') })
  clock.advance(10_000)
  log.failed({ ...shop, error: refused })
  expect(told).toEqual([
    'calls to the upstream of shop fail: http://a: connect refused (ECONNREFUSED)',
    'calls to the upstream of shop fail: http://a: too slow (UND_ERR_HEADERS_TIMEOUT)',
    'calls to the upstream of shop fail: http://b: too slow (UND_ERR_HEADERS_TIMEOUT)',
    'calls to the upstream of books fail: http://a: connect refused (ECONNREFUSED)',
    'calls to the upstream of books fail: http://a: odd (TypeError)',
    'calls to the upstream of shop fail: http://a: connect refused (ECONNREFUSED), and 4 times before',
  ])
})
