import { describe, expect, test } from 'vitest'
import { parseIpBlock } from '../../src/model/ip-block.ts'
import { keyAllows } from '../../src/model/key-scope.ts'

const anywhere = { routes: null, ips: null }

describe('a key allows', () => {
  test('everything when it is not narrowed', () => {
    expect(keyAllows(anywhere, { routeId: 'search', ip: '203.0.113.7' })).toBe(true)
  })

  test('only its routes, and none when it has none', () => {
    const scope = { routes: ['search'], ips: null }
    expect(keyAllows(scope, { routeId: 'search', ip: '::1' })).toBe(true)
    expect(keyAllows(scope, { routeId: 'analyze', ip: '::1' })).toBe(false)
    expect(keyAllows({ ...scope, routes: [] }, { routeId: 'search', ip: '::1' })).toBe(false)
  })

  test('only calls that keep both its routes and its addresses', () => {
    const scope = { routes: ['search'], ips: ['10.0.0.1'] }
    expect(keyAllows(scope, { routeId: 'search', ip: '10.0.0.1' })).toBe(true)
    expect(keyAllows(scope, { routeId: 'search', ip: '10.0.0.2' })).toBe(false)
    expect(keyAllows(scope, { routeId: 'analyze', ip: '10.0.0.1' })).toBe(false)
  })

  test.each([
    { ips: ['10.0.0.0/8'], ip: '10.255.255.255', allowed: true, why: 'the last address of a block' },
    { ips: ['10.0.0.0/8'], ip: '11.0.0.0', allowed: false, why: 'the first address after it' },
    { ips: ['10.1.2.3/8'], ip: '10.9.9.9', allowed: true, why: 'a block written with host bits' },
    { ips: ['10.0.0.1'], ip: '10.0.0.1', allowed: true, why: 'one address' },
    { ips: ['10.0.0.1'], ip: '::ffff:10.0.0.1', allowed: true, why: 'the same inside IPv6' },
    { ips: ['10.0.0.1'], ip: '::ffff:a00:1', allowed: true, why: 'the same in hexadecimals' },
    { ips: ['10.0.0.1'], ip: '::ffff:10.0.0.2', allowed: false, why: 'another one inside IPv6' },
    { ips: ['2001:db8::/32'], ip: '2001:db8:ffff::1', allowed: true, why: 'an IPv6 block' },
    { ips: ['2001:db8::/32'], ip: '2001:db9::1', allowed: false, why: 'outside of it' },
    { ips: ['2001:db8::1'], ip: '2001:0db8:0:0::1', allowed: true, why: 'another spelling of an address' },
    { ips: ['fe80::1'], ip: 'fe80::1%eth0', allowed: true, why: 'an address with a zone' },
    { ips: ['0.0.0.0/0'], ip: '2001:db8::1', allowed: false, why: 'all of IPv4 is not IPv6' },
    { ips: ['::/0'], ip: '10.0.0.1', allowed: false, why: 'all of IPv6 is not IPv4' },
    { ips: ['::/0', '0.0.0.0/0'], ip: '10.0.0.1', allowed: true, why: 'both together are everyone' },
    { ips: ['10.0.0.0/32'], ip: '10.0.0.1', allowed: false, why: 'a block of one' },
    { ips: [], ip: '10.0.0.1', allowed: false, why: 'an empty list' },
    { ips: ['0.0.0.0/0', '::/0'], ip: '', allowed: false, why: 'a client that is gone has no address' },
    { ips: ['0.0.0.0/0', '::/0'], ip: 'unix', allowed: false, why: 'what is no address' },
  ])('$ip of $ips: $allowed, $why', ({ ips, ip, allowed }) => {
    const scope = { routes: null, ips }
    expect(keyAllows(scope, { routeId: 'search', ip })).toBe(allowed)
    expect(keyAllows(scope, { routeId: 'search', ip }), 'and again, from memory').toBe(allowed)
  })
})

test.each([
  ['10.0.0.1', '10.0.0.1'],
  [' 10.0.0.0/8 ', '10.0.0.0/8'],
  ['2001:db8::/32', '2001:db8::/32'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['::/0', '::/0'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['10.0.0.0/33', undefined],
  ['2001:db8::/129', undefined],
  ['10.0.0', undefined],
  ['010.0.0.1', undefined],
  ['10.0.0.1/', undefined],
  ['10.0.0.1/8/8', undefined],
  ['10.0.0.1/-1', undefined],
  ['10.0.0.1/8.0', undefined],
  ['fe80::1%eth0', undefined],
  ['localhost', undefined],
  ['', undefined],
])('%j is kept as %j', (text, expected) => {
  expect(parseIpBlock(text)).toBe(expected)
})
