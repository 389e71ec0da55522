import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostName, readRequestHead } from '../../src/gateway/request-head.ts'

/** Fields as Node gives them: name, value, name, value … */
const raw = (fields: Readonly<Record<string, string>>) => Object.entries(fields).flat()

describe('what never goes upstream', () => {
  test.each([
    ['Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'keep-alive'],
    ['Proxy-Authorization', 'Basic x'],
    ['Proxy-Authenticate', 'Basic'],
    ['TE', 'trailers'],
    ['Trailer', 'x-sum'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'websocket'],
    ['Expect', '100-continue'],
    ['HTTP2-Settings', 'x'],
    ['Forwarded', 'for=1.1.1.1'],
    ['X-Forwarded-For', '1.1.1.1'],
    ['X-Forwarded-Host', 'a'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Port', '1'],
    ['X-Real-IP', '1.1.1.1'],
    ['X_Forwarded_For', '1.1.1.1'],
    ['X-Forwarded_For', '1.1.1.1'],
    ['x_forwarded-host', 'a'],
    ['x_forwarded_proto', 'https'],
    ['x_forwarded_port', '1'],
    ['x_real_ip', '1.1.1.1'],
    ['x-api-key', 'gz_live_x'],
    ['Authorization', 'Bearer gz_live_x'],
    ['Host', 'a'],
    ['X-Gatez-Tenant', 'acme'],
    ['x-gatez-plan', 'pro'],
    ['X_GATEZ_TENANT', 'acme'],
    ['x_gatez_features', 'ai'],
    ['x-gatez_tenant', 'acme'],
    ['x_gatez-tenant', 'acme'],
    ['x-gatez-', 'x'],
  ])('%s: %s', (name, value) => {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(readRequestHead([spelling, value, 'accept', '*/*']).forward).toEqual(['accept', '*/*'])
    }
  })

  test.each([
    { connection: 'close, x-hop', why: 'a name in a list' },
    { connection: 'X-HOP', why: 'a name in capitals' },
    { connection: ' x-hop ,keep-alive', why: 'a name with blanks' },
  ])('what Connection names: $why', ({ connection }) => {
    const head = readRequestHead(raw({ 'X-Hop': '1', accept: 'a', connection, 'x-hop': '2' }))
    expect(head.forward).toEqual(['accept', 'a'])
  })

  test('Connection in two fields counts as one list', () => {
    const fields = ['connection', 'x-a', 'X-A', '1', 'x-b', '2', 'Connection', 'x-b', 'x-c', '3']
    expect(readRequestHead(fields).forward).toEqual(['x-c', '3'])
  })

  test('Connection cannot take away what is ours to read', () => {
    const head = readRequestHead(
      raw({
        connection: 'host, x-api-key, content-length',
        host: 'a',
        'x-api-key': 'k',
        'content-length': '3',
      }),
    )
    expect(head).toMatchObject({ host: 'a', credential: 'k', contentLength: '3' })
  })
})

describe('what goes upstream as it came', () => {
  test('all else, in order, in its own spelling, with its duplicates', () => {
    const fields = [
      'X-A',
      '1',
      'Cookie',
      'a=b',
      'x-a',
      '2',
      'Authorization',
      'Basic eDp5',
      'x-gatezen',
      'y',
      'Cookie',
      'c=d',
    ]
    expect(readRequestHead(fields).forward).toEqual(fields)
  })

  test.each(['Bearer abc', 'Basic gz_live_x', 'bearer', 'Bearer  other_gz_', 'Token gz_x'])(
    'Authorization: %s belongs to the upstream',
    (value) => {
      expect(readRequestHead(['authorization', value])).toMatchObject({
        forward: ['authorization', value],
        credential: undefined,
        credentialCount: 0,
      })
    },
  )
})

describe('what is read', () => {
  test.each(['Bearer gz_live_x', 'bearer gz_live_x', 'BEARER   gz_live_x', 'Bearer\tgz_live_x'])(
    'the key in Authorization: %s',
    (value) => {
      expect(readRequestHead(['Authorization', value])).toMatchObject({
        credential: 'gz_live_x',
        credentialCount: 1,
      })
    },
  )

  test('every key is counted, wherever it stands', () => {
    const fields = ['x-api-key', 'a', 'X-API-Key', 'b', 'authorization', 'Bearer gz_c']
    expect(readRequestHead(fields).credentialCount).toBe(3)
  })

  test.each([
    { fields: ['transfer-encoding', 'Chunked'], chunked: true, codingUnknown: false },
    { fields: ['transfer-encoding', 'gzip, chunked'], chunked: false, codingUnknown: true },
    { fields: ['transfer-encoding', 'identity'], chunked: false, codingUnknown: true },
    { fields: ['transfer-encoding', ''], chunked: false, codingUnknown: true },
    { fields: [], chunked: false, codingUnknown: false },
  ])('the coding: $fields', ({ fields, chunked, codingUnknown }) => {
    expect(readRequestHead(fields)).toMatchObject({ chunked, codingUnknown })
  })

  test('Expect: 100-continue, and no other expectation', () => {
    const told = (value: string, versionMinor?: number) => {
      const { expectsContinue, expectsElse } = readRequestHead(['Expect', value], versionMinor)
      return { expectsContinue, expectsElse }
    }
    expect(told('100-Continue')).toEqual({ expectsContinue: true, expectsElse: false })
    expect(told('x-100-continued')).toEqual({ expectsContinue: false, expectsElse: true })
    expect(told('')).toEqual({ expectsContinue: false, expectsElse: false })
    expect(told('100-continue', 0)).toEqual({ expectsContinue: false, expectsElse: false })
    expect(readRequestHead([]).expectsContinue).toBe(false)
  })

  test.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.com:8080', 'api.example.com'],
    ['[::1]:80', '[::1]'],
    ['[::1]', '[::1]'],
    ['', ''],
  ])('the host name of %s is %s', (host, name) => {
    expect(hostName(host)).toBe(name)
  })
})

test('no spelling of our own names passes, however often the same names come', () => {
  const letters = 'x-gatez-tenant'.split('')
  const spelling = fc
    .tuple(...letters.map((letter) => fc.constantFrom(letter, letter.toUpperCase())))
    .map((parts) => parts.join(''))
  const dash = fc.constantFrom('-', '_')
  fc.assert(
    fc.property(spelling, dash, dash, (name, first, second) => {
      const written = name.replace('-', first).replace(/-(?=\w+$)/, second)
      expect(readRequestHead([written, 'acme']).forward).toEqual([])
    }),
    { numRuns: 2_000 },
  )
})
