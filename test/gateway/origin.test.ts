import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forwardedValue, type Origin, readOrigin, trustIn } from '../../src/gateway/origin.ts'
import { readRequestHead } from '../../src/gateway/request-head.ts'

// 10/8 and fd00::/8 are ours: proxies there are trusted. Everything else is the world.
const OURS = ['10.0.0.0/8', 'fd00::/8']
const PROXY = '10.0.0.1'

/** What is made of a call with these fields that comes from `peer`. */
function origin(
  fields: readonly string[],
  { peer = PROXY, by = 'x-forwarded-for' as 'x-forwarded-for' | 'forwarded', trusted = OURS } = {},
): Origin {
  const head = readRequestHead(['Host', 'api.test', ...fields])
  return readOrigin(head, { address: peer, proto: 'http' }, trustIn(trusted, by))
}

const listed = (value: string) => origin(['X-Forwarded-For', value]).chain.join(' ')
const forwarded = (...values: readonly string[]) =>
  origin(
    values.flatMap((value) => ['Forwarded', value]),
    { by: 'forwarded' },
  )

const FORGED = [
  ...['X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'evil.test'],
  ...['Forwarded', 'for=6.6.6.6;proto=https;host=evil.test', 'X-Real-IP', '6.6.6.6'],
]

describe('nothing is believed of what a call says', () => {
  const plain = { host: 'api.test', proto: 'http' }

  test('when nobody is trusted', () => {
    expect(origin(FORGED, { trusted: [] })).toEqual({ ...plain, ip: PROXY, chain: [PROXY] })
  })

  test.each(['203.0.113.7', '11.0.0.0', '9.255.255.255', 'fe80::1', ''])('when %j sends it', (peer) => {
    for (const by of ['x-forwarded-for', 'forwarded'] as const) {
      expect(origin(FORGED, { peer, by })).toEqual({ ...plain, ip: peer, chain: [peer] })
    }
  })

  test('in the other fields than those the proxies write', () => {
    const [list, proto, host] = [FORGED.slice(0, 2), FORGED.slice(2, 4), FORGED.slice(4, 6)]
    expect(origin([...list, ...proto, ...host], { by: 'forwarded' })).toMatchObject({ ...plain, ip: PROXY })
    expect(origin(FORGED.slice(6))).toMatchObject({ ...plain, ip: PROXY })
  })
})

describe('X-Forwarded-For is read from its right', () => {
  test.each([
    { value: '203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'the client' },
    { value: '6.6.6.6, 203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'a client that says it is another' },
    { value: '203.0.113.7, 10.0.0.9', chain: '203.0.113.7 10.0.0.9 10.0.0.1', why: 'two of our proxies' },
    { value: '6.6.6.6, 203.0.113.7, 10.0.0.9', chain: '203.0.113.7 10.0.0.9 10.0.0.1', why: 'both' },
    { value: '10.0.0.8, 10.0.0.9', chain: '10.0.0.8 10.0.0.9 10.0.0.1', why: 'a client of ours' },
    { value: '6.6.6.6, unknown, 10.0.0.9', chain: '10.0.0.9 10.0.0.1', why: 'not past what is no address' },
    { value: '6.6.6.6, , 10.0.0.9', chain: '10.0.0.9 10.0.0.1', why: 'not past an empty entry' },
    { value: '6.6.6.6, _hidden', chain: '10.0.0.1', why: 'a hidden client' },
    { value: '203.0.113.7:4711', chain: '203.0.113.7 10.0.0.1', why: 'a port' },
    { value: '[2001:db8::1]:4711', chain: '2001:db8::1 10.0.0.1', why: 'IPv6 with a port' },
    { value: '[2001:db8::1]', chain: '2001:db8::1 10.0.0.1', why: 'IPv6 in brackets' },
    { value: '2001:DB8:0:0::1', chain: '2001:db8::1 10.0.0.1', why: 'IPv6 in another spelling' },
    { value: '::ffff:203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'IPv4 inside IPv6' },
    { value: '::ffff:cb00:7107', chain: '203.0.113.7 10.0.0.1', why: 'the same in hexadecimals' },
    { value: '6.6.6.6, ::ffff:10.0.0.9', chain: '6.6.6.6 10.0.0.9 10.0.0.1', why: 'a proxy of ours in IPv6' },
    { value: '6.6.6.6, fd00::2', chain: '6.6.6.6 fd00::2 10.0.0.1', why: 'a proxy of ours on IPv6' },
    { value: '6.6.6.6, fe80::1%eth0', chain: '10.0.0.1', why: 'a zone' },
    { value: '6.6.6.6, "203.0.113.7"', chain: '10.0.0.1', why: 'quotes, which this field does not know' },
    { value: '6.6.6.6, 203.0.113.7:', chain: '10.0.0.1', why: 'a port that is none' },
    { value: '6.6.6.6, 203.0.113.7 10.0.0.9', chain: '10.0.0.1', why: 'two addresses without a comma' },
    { value: '6.6.6.6, 0203.0.113.7', chain: '10.0.0.1', why: 'an octal number' },
    { value: ' \t203.0.113.7 ', chain: '203.0.113.7 10.0.0.1', why: 'blanks around it' },
    { value: '6.6.6.6,', chain: '10.0.0.1', why: 'an entry that was left empty' },
    { value: '', chain: '10.0.0.1', why: 'nothing in it' },
  ])('$value is $chain: $why', ({ value, chain }) => {
    expect(listed(value)).toBe(chain)
  })

  test('in several fields as in one', () => {
    const fields = ['X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '203.0.113.7, 10.0.0.9']
    expect(origin(fields).ip).toBe('203.0.113.7')
  })

  test('and not for ever: of 1,000 of our own proxies the last 32 are followed', () => {
    const { chain } = origin(['X-Forwarded-For', Array(1_000).fill('10.0.0.9').join(',')])
    expect(chain).toEqual([...Array(32).fill('10.0.0.9'), PROXY])
    expect(listed(`${'6.6.6.6, '.repeat(1_000)}203.0.113.7`)).toBe('203.0.113.7 10.0.0.1')
  })

  test('with the scheme and host that the proxy names', () => {
    const fields = ['X-Forwarded-Proto', 'HTTPS', 'X-Forwarded-Host', 'www.test:8443']
    expect(origin(['X-Forwarded-For', '203.0.113.7', ...fields])).toMatchObject({
      proto: 'https',
      host: 'www.test:8443',
    })
  })

  test.each([
    {
      proto: 'https, http',
      host: 'a.test, b.test',
      is: 'http b.test',
      why: 'the last proxy has the last word',
    },
    { proto: 'javascript', host: 'a.test/../', is: 'http api.test', why: 'no scheme, no host' },
    { proto: '', host: '', is: 'http api.test', why: 'empty' },
    {
      proto: 'https;x',
      host: 'user@a.test',
      is: 'http api.test',
      why: 'more than a scheme, more than a host',
    },
    { proto: 'https', host: '[2001:db8::1]:443', is: 'https [2001:db8::1]:443', why: 'IPv6' },
    { proto: 'https', host: 'a"b', is: 'https api.test', why: 'a quote' },
  ])('$proto and $host are $is: $why', ({ proto, host, is }) => {
    const read = origin(['X-Forwarded-Proto', proto, 'X-Forwarded-Host', host])
    expect(`${read.proto} ${read.host}`).toBe(is)
  })
})

describe('Forwarded is read from its right', () => {
  test.each([
    { value: 'for=203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'the client' },
    { value: 'For="203.0.113.7:4711"', chain: '203.0.113.7 10.0.0.1', why: 'a port' },
    { value: 'for="[2001:db8::1]:4711"', chain: '2001:db8::1 10.0.0.1', why: 'IPv6 with a port' },
    { value: 'for=[2001:db8::1]', chain: '2001:db8::1 10.0.0.1', why: 'IPv6 that should have quotes' },
    { value: 'for="[::ffff:203.0.113.7]"', chain: '203.0.113.7 10.0.0.1', why: 'IPv4 inside IPv6' },
    { value: 'for=6.6.6.6, for=203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'a client that says more' },
    { value: 'for=203.0.113.7, for=10.0.0.9', chain: '203.0.113.7 10.0.0.9 10.0.0.1', why: 'two proxies' },
    { value: 'for=6.6.6.6, for=unknown', chain: '10.0.0.1', why: 'a client that is not known' },
    { value: 'for=6.6.6.6, for=_x, for=10.0.0.9', chain: '10.0.0.9 10.0.0.1', why: 'a hidden client' },
    { value: 'for=6.6.6.6, proto=https', chain: '10.0.0.1', why: 'an element without for' },
    { value: 'for=6.6.6.6;for=7.7.7.7', chain: '10.0.0.1', why: 'for twice' },
    { value: 'for=6.6.6.6, for = 203.0.113.7', chain: '10.0.0.1', why: 'blanks where none may be' },
    {
      value: ' by=_gate ; for=203.0.113.7 ;',
      chain: '203.0.113.7 10.0.0.1',
      why: 'blanks where some may be',
    },
    { value: 'host="a,b;c";for=203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'signs within quotes' },
    {
      value: 'host="a\\"b, for=6.6.6.6";for=203.0.113.7',
      chain: '203.0.113.7 10.0.0.1',
      why: 'a quoted quote',
    },
    { value: 'host="a\\\\";for=203.0.113.7', chain: '203.0.113.7 10.0.0.1', why: 'a quoted backslash' },
    { value: 'for="\\6.6.6.6"', chain: '6.6.6.6 10.0.0.1', why: 'a needless backslash' },
    { value: 'for=6.6.6.6, "for=203.0.113.7"', chain: '10.0.0.1', why: 'a quoted element' },
    { value: '', chain: '10.0.0.1', why: 'nothing in it' },
  ])('$value is $chain: $why', ({ value, chain }) => {
    expect(forwarded(value).chain.join(' ')).toBe(chain)
  })

  // The proxy writes its part behind what the client sent, in the same field or in one more.
  test.each([
    'for=6.6.6.6;x="',
    'for=6.6.6.6;x="\\',
    'for=6.6.6.6;x="a\\"',
    'for=6.6.6.6, for="',
    '"',
    '"""',
    'for=6.6.6.6;x=";y="";z="',
  ])('a quote that the client leaves open takes in nothing of its proxy: %s', (sent) => {
    for (const written of [
      'for="[2001:db8::1]"',
      'proto=http;for="[2001:db8::1]:80"',
      'host="h";for="[2001:db8::1]"',
    ]) {
      expect(forwarded(sent, written).ip).toBe('2001:db8::1')
      expect(forwarded(`${sent}, ${written}`).ip).toBe('2001:db8::1')
      expect(forwarded(`${sent},${written}`).ip).toBe('2001:db8::1')
    }
  })

  test('and not for ever', () => {
    const { chain } = forwarded(Array(1_000).fill('for=10.0.0.9').join(', '))
    expect(chain).toHaveLength(33)
  })

  test('with the scheme and host as the proxy nearest to the client saw them', () => {
    const near = 'for=203.0.113.7;host="www.test:8443";proto=https'
    expect(forwarded(near, 'for=10.0.0.9;host=inside;proto=http')).toMatchObject({
      proto: 'https',
      host: 'www.test:8443',
    })
    const forged = 'for=6.6.6.6;host=evil.test;proto=https'
    expect(forwarded(forged, 'for=203.0.113.7')).toMatchObject({ proto: 'http', host: 'api.test' })
  })

  test('a proxy that hides its client is believed in the rest', () => {
    expect(forwarded('for=_hidden;proto=https;host=www.test')).toMatchObject({
      ip: PROXY,
      proto: 'https',
      host: 'www.test',
    })
  })
})

test('Forwarded for the upstream names the client first, with what it asked for', () => {
  const seen = { host: 'api.test:80', proto: 'https' } as const
  expect(forwardedValue({ ...seen, ip: '203.0.113.7', chain: ['203.0.113.7'] })).toBe(
    'for=203.0.113.7;host="api.test:80";proto=https',
  )
  expect(forwardedValue({ ...seen, ip: '2001:db8::1', chain: ['2001:db8::1', PROXY, 'fd00::1'] })).toBe(
    'for="[2001:db8::1]";host="api.test:80";proto=https, for=10.0.0.1, for="[fd00::1]"',
  )
})

// Pieces that mean something in these fields, and any others, in any order.
const piece = fc.oneof(
  fc.constantFrom('"', '\\', ',', ';', '=', ' ', '\t', '[', ']', ':', '%', '_x', 'unknown', '\r', '\n', '\0'),
  fc.constantFrom('for=', 'FOR=', 'for="', 'proto=https', 'host=', 'by=', ', for=', '";for='),
  fc.constantFrom(
    '6.6.6.6',
    '10.0.0.9',
    'fd00::2',
    '::ffff:10.0.0.9',
    '2001:db8::6',
    '10.0.0.9:1',
    '[fd00::2]:1',
  ),
  fc.string({ maxLength: 6, unit: 'binary' }),
)
const anything = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

describe('whatever stands in these fields', () => {
  const names = fc.constantFrom('X-Forwarded-For', 'x-forwarded-proto', 'X-Forwarded-Host', 'Forwarded')
  const fields = fc.array(fc.tuple(names, anything), { maxLength: 6 }).map((pairs) => pairs.flat())
  const by = fc.constantFrom('x-forwarded-for' as const, 'forwarded' as const)

  test('what goes upstream is addresses, one of http and https, and a host name', () => {
    fc.assert(
      fc.property(fields, by, (sent, field) => {
        const read = origin(sent, { by: field })
        expect(read.chain.every((ip) => isIP(ip) !== 0)).toBe(true)
        expect(read.chain.at(-1)).toBe(PROXY)
        expect(read.ip).toBe(read.chain[0])
        // Only who is trusted has brought in another: all but the first are ours.
        expect(read.chain.slice(1).every((ip) => /^(?:10\.|fd)/.test(ip))).toBe(true)
        expect(['http', 'https']).toContain(read.proto)
        expect(read.host).toMatch(/^[A-Za-z0-9._:[\]-]+$/)
        expect(forwardedValue(read)).toMatch(/^[\x20-\x7e]+$/)
      }),
      { numRuns: 3_000 },
    )
  })

  test('a client in the world is the one its proxy saw, whatever it sends before', () => {
    const ways = [
      (sent: string) => ['X-Forwarded-For', sent, 'X-Forwarded-For', '203.0.113.7'],
      (sent: string) => ['X-Forwarded-For', `${sent}, 203.0.113.7`],
      (sent: string) => ['Forwarded', sent, 'Forwarded', 'for="203.0.113.7:80"'],
      (sent: string) => ['Forwarded', `${sent}, proto=http;for="203.0.113.7"`],
      (sent: string) => ['Forwarded', `${sent},for=203.0.113.7;host="api.test"`],
    ]
    fc.assert(
      fc.property(anything, fc.constantFrom(...ways), (sent, way) => {
        const fieldNames = way(sent)
        const field = fieldNames[0] === 'Forwarded' ? 'forwarded' : 'x-forwarded-for'
        expect(origin(fieldNames, { by: field })).toEqual({
          ip: '203.0.113.7',
          chain: ['203.0.113.7', PROXY],
          host: 'api.test',
          proto: 'http',
        })
      }),
      { numRuns: 3_000 },
    )
  })
})
