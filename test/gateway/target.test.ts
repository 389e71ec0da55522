import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTarget } from '../../src/gateway/target.ts'

describe('a path that two servers could read differently is refused', () => {
  test.each([
    { url: 'http://a/b', why: 'a whole URL' },
    { url: '//evil.test/a', why: 'a host in disguise' },
    { url: 'a:80', why: 'an authority' },
    { url: '*', why: 'an asterisk' },
    { url: '', why: 'nothing' },
    { url: '/a//b', why: 'an empty segment' },
    { url: '/a/', ok: '/a/', why: 'a slash at the end is a segment of its own' },
    { url: '/..', why: 'dots alone' },
    { url: '/a/../b', why: 'dots' },
    { url: '/a/./b', why: 'a dot' },
    { url: '/a/.', why: 'a dot at the end' },
    { url: '/a/%2e%2e/b', why: 'encoded dots' },
    { url: '/a/%2E./b', why: 'half-encoded dots' },
    { url: '/a%2fb', why: 'an encoded slash' },
    { url: '/a%5cb', why: 'an encoded backslash' },
    { url: '/a\\b', why: 'a backslash' },
    { url: '/a%00', why: 'an encoded NUL' },
    { url: '/a%0d%0ab', why: 'an encoded line end' },
    { url: '/a%7f', why: 'an encoded DEL' },
    { url: '/a%', why: 'a bare percent' },
    { url: '/a%4', why: 'half an escape' },
    { url: '/a%zz', why: 'an escape of no hex' },
    { url: '/a%c0%af', why: 'an overlong slash' },
    { url: '/a%e0%80%af', why: 'a slash that is longer still' },
    { url: '/a%ed%a0%80', why: 'half a character' },
    { url: '/a%80', why: 'a byte out of place' },
    { url: '/a%ff', why: 'a byte no text has' },
    { url: '/a b', why: 'a blank' },
    { url: '/a\tb', why: 'a tab' },
    { url: '/caf\u00e9', why: 'a letter outside ASCII' },
    { url: '/a#b', why: 'a fragment' },
    { url: '/a?b#c', why: 'a fragment behind a query' },
    { url: '/a/..;/b', why: 'dots with a parameter, which some servers cut off first' },
    { url: '/a/..;x=y/b', why: 'dots with a parameter that has a value' },
    { url: '/a/.;/b', why: 'a dot with a parameter' },
    { url: '/a/..%3b/b', why: 'dots with an encoded parameter' },
    { url: '/a/%2e%2e;/b', why: 'encoded dots with a parameter' },
    { url: '/a/..;', why: 'dots with a parameter at the end' },
    { url: '/a?b=\u0001', why: 'a control character in the query' },
  ])('$url: $why', ({ url, ok }) => {
    expect(readTarget(url)?.path).toBe(ok)
  })
})

describe('a path that means the same in two spellings is made one', () => {
  test.each([
    { url: '/v1/%73earch', path: '/v1/search', why: 'an escaped letter' },
    { url: '/%7Eann', path: '/~ann', why: 'an escaped tilde' },
    { url: '/caf%c3%a9', path: '/caf%C3%A9', why: 'hex in capitals' },
    { url: '/a%20b', path: '/a%20b', why: 'a blank stays escaped' },
    { url: '/a%252e%252e', path: '/a%252e%252e', why: 'twice escaped stays so' },
    { url: '/.well-known/x', path: '/.well-known/x', why: 'a dot that begins a name' },
    { url: '/a/...', path: '/a/...', why: 'three dots are a name' },
    { url: '/a;b=c/d', path: '/a;b=c/d', why: 'parameters of a segment stay' },
    { url: '/.a;b/..c;d', path: '/.a;b/..c;d', why: 'of one that begins with dots, too' },
    { url: '/', path: '/', why: 'the root' },
  ])('$url is $path: $why', ({ url, path }) => {
    expect(readTarget(url)).toEqual({ path, pathAndQuery: path })
  })

  test('the query goes on as it came', () => {
    expect(readTarget('/%61?q=%2e%2E/../&x=%')).toEqual({ path: '/a', pathAndQuery: '/a?q=%2e%2E/../&x=%' })
    expect(readTarget('/a?')).toEqual({ path: '/a', pathAndQuery: '/a?' })
  })
})

/** Pieces that attacks are made of, more often than chance would make them. */
const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '.',
    '..',
    '%',
    '%2e',
    '%2F',
    '%5C',
    '\\',
    '//',
    '%25',
    ';',
    '?',
    '#',
    '%61',
    '%C3%A9',
  ),
  fc.string({ minLength: 1, maxLength: 3 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }),
)
const urls = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

describe('whatever comes', () => {
  test('what is matched is what is forwarded', () => {
    fc.assert(
      fc.property(urls, (url) => {
        const target = readTarget(url)
        if (target === undefined) return
        const [path] = target.pathAndQuery.split('?')
        expect(path).toBe(target.path)
        expect(target.pathAndQuery.slice(target.path.length)).toBe(url.slice(url.split('?')[0]!.length))
      }),
      { numRuns: 5_000 },
    )
  })

  test('reading what was read changes nothing', () => {
    fc.assert(
      fc.property(urls, (url) => {
        const target = readTarget(url)
        if (target !== undefined) expect(readTarget(target.pathAndQuery)).toEqual(target)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a path that passes leads a browser and a plain reader to the same place', () => {
    fc.assert(
      fc.property(urls, (url) => {
        const target = readTarget(url)
        if (target === undefined) return
        const seen = new URL(target.pathAndQuery, 'http://upstream')
        expect(seen.host).toBe('upstream')
        expect(seen.pathname.split('/')).toHaveLength(target.path.split('/').length)
        expect(decodeURIComponent(target.path)).not.toMatch(/\/\.{1,2}(?:\/|$)|\\/)
      }),
      { numRuns: 5_000 },
    )
  })
})
