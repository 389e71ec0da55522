import { expect, test } from 'vitest'
import { readResponseHead } from '../../src/gateway/response-head.ts'

/** Fields as undici gives them. */
const raw = (...fields: readonly string[]) => fields.map((field) => Buffer.from(field, 'latin1'))

test.each([
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
])('%s is for one hop and goes no further', (name) => {
  for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
    expect(readResponseHead(raw(spelling, 'close', 'etag', 'x')).forward).toEqual(['etag', 'x'])
  }
})

test.each([
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
  'X-Gatez-Tenant',
  'x_gatez_plan',
  'gatez-error',
])('%s is ours to say: the upstream’s goes no further', (name) => {
  expect(readResponseHead(raw(name, 'x', 'etag', 'y')).forward).toEqual(['etag', 'y'])
})

test('what Connection names goes no further', () => {
  const head = readResponseHead(raw('X-Hop', '1', 'connection', 'close, x-hop', 'x-hop', '2', 'etag', 'y'))
  expect(head.forward).toEqual(['etag', 'y'])
})

test('custom meters are kept for the meter and never shown', () => {
  const head = readResponseHead(raw('X-Gatez-Meter-Tokens', '12.5', 'etag', 'y', 'x-gatez-meter-IMAGES', '2'))
  expect(head.forward).toEqual(['etag', 'y'])
  expect(head.meters).toEqual(
    new Map([
      ['tokens', '12.5'],
      ['images', '2'],
    ]),
  )
  expect(readResponseHead(raw('etag', 'y')).meters).toBeUndefined()
})

test('all else passes in order, in its own spelling, with its duplicates and its bytes', () => {
  const fields = [
    'Set-Cookie',
    'a=b',
    'set-cookie',
    'c=d',
    'X-Latin',
    'caf\u00e9',
    'Server',
    'x',
    'Retry-After',
    '7',
  ]
  expect(readResponseHead(raw(...fields)).forward).toEqual(fields)
  expect(readResponseHead(fields).forward).toEqual(fields)
})
