import { expect, test } from 'vitest'
import { readResponseHead, type UpstreamHeaders } from '../../src/gateway/response-head.ts'

/** Fields as undici gives them. */
function raw(...fields: readonly string[]): UpstreamHeaders {
  const headers: Record<string, string | string[]> = {}
  for (let index = 0; index < fields.length; index += 2) {
    const [name, value] = [fields[index]!.toLowerCase(), fields[index + 1]!]
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

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

test('all else passes in order, under its name in lower case, with its duplicates and its bytes', () => {
  const fields = ['Set-Cookie', 'a=b', 'set-cookie', 'c=d', 'X-Latin', 'caf\u00e9', 'Server', 'x']
  const forwarded = ['set-cookie', 'a=b', 'set-cookie', 'c=d', 'x-latin', 'caf\u00e9', 'server', 'x']
  expect(readResponseHead(raw(...fields)).forward).toEqual(forwarded)
})
