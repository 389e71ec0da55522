import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rewritePath } from '../../src/gateway/rewrite.ts'
import { Router } from '../../src/gateway/router.ts'
import { readTarget } from '../../src/gateway/target.ts'
import type { PathRewrite } from '../../src/model/route-policy.ts'
import { apiOn, route, startGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

/** What goes upstream for a target as a client sends it; undefined when it is refused or not for the route. */
function rewritten(pattern: string, rewrite: PathRewrite, url: string): string | undefined {
  const target = readTarget(url)
  if (target === undefined) return undefined
  const router = new Router([apiOn(1, { routes: [route({ path: pattern })] })])
  if (!('route' in router.match('a', 'GET', target.path))) return undefined
  return rewritePath(target, pattern, rewrite)
}

const strip = (prefix: string): PathRewrite => ({ kind: 'strip', prefix })
const template = (text: string): PathRewrite => ({ kind: 'template', template: text })

describe('a path on its way upstream', () => {
  test.each([
    { pattern: '/shop/{rest*}', how: strip('/shop'), url: '/shop/a/b?x=1', to: '/a/b?x=1' },
    { pattern: '/shop/{rest*}', how: strip('/shop'), url: '/shop/', to: '/' },
    { pattern: '/shop', how: strip('/shop'), url: '/shop?x=/shop', to: '/?x=/shop' },
    { pattern: '/shop', how: strip('/shop'), url: '/shop', to: '/' },
    { pattern: '/a/b/{id}', how: strip('/a/b'), url: '/%61/b/a%62', to: '/ab' },
    { pattern: '/v1/{id}', how: template('/v2/items/{id}'), url: '/v1/7?q=a+b', to: '/v2/items/7?q=a+b' },
    { pattern: '/{a}/{b}', how: template('/{b}/x/{a}'), url: '/1/2', to: '/2/x/1' },
    { pattern: '/{a}/{b}', how: template('/fixed'), url: '/1/2?q', to: '/fixed?q' },
    { pattern: '/f/{rest*}', how: template('/files/{rest*}'), url: '/f/a/b/', to: '/files/a/b/' },
    { pattern: '/f/{rest*}', how: template('/files/{rest*}'), url: '/f/', to: '/files/' },
    { pattern: '/f/{id}', how: template('/{id}'), url: '/f/$&$1%25', to: '/$&$1%25' },
    { pattern: '/f/{id}', how: template('/x/{id}'), url: '/f/{id}', to: '/x/{id}' },
    { pattern: '/f/{id}', how: template('/{id}'), url: '/f/a%20b%C3%A9', to: '/a%20b%C3%A9' },
  ])('$pattern $how.kind: $url → $to', ({ pattern, how, url, to }) => {
    expect(rewritten(pattern, how, url)).toBe(to)
  })

  test('reaches the upstream so, behind its base path, and is recorded as the client sent it', async () => {
    const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const gateway = await startGateway({
      api: { upstreams: [`http://127.0.0.1:${upstream.port}/base`] },
      policy: { rewrite: template('/v2/{rest*}') },
    })
    const api = { ...gateway.api, routes: [{ ...gateway.api.routes[0]!, path: '/v1/{rest*}' }] }
    gateway.replaceRules({ apis: [api] })
    await exchangeBytes(
      gateway.port,
      `GET /v1/a%2Db?c=%2F HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-api-key: ${gateway.secret}\r\n\r\n`,
    )
    expect(upstream.heads[0]).toMatch(/^GET \/base\/v2\/a-b\?c=%2F HTTP\/1\.1\r\n/)
    expect(await gateway.events()).toMatchObject([{ endpoint: '/v1/a-b' }])
  })
})

describe('whatever a client sends', () => {
  // Made of what paths are broken with.
  const piece = fc.constantFrom(
    ...[
      'a',
      'B',
      '7',
      '.',
      '..',
      '~',
      '-',
      '_',
      '%2e',
      '%2E%2e',
      '%2f',
      '%5c',
      '\\',
      '/',
      '//',
      '?',
      '#',
      ';',
    ],
    ...[
      '%00',
      '%0d%0a',
      '%20',
      '%25',
      '%252f',
      '%c3%a9',
      '%c0%af',
      '%',
      '%4',
      '{id}',
      '{',
      '}',
      '$&',
      '@',
      ':',
    ],
    ...['http://', '*', '=', '&', '+', '|', '^', '`', '"', '<', ' ', '\t', 'é'],
  )
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))

  test('a name holds one segment: its value stays in its place, and nothing else of the path changes', () => {
    let seen = 0
    fc.assert(
      fc.property(text, text, text, (one, two, query) => {
        const url = `/v1/${one}/x/${two}?${query}`
        const got = rewritten('/v1/{one}/x/{two}', template('/in/{two}/mid/{one}'), url)
        if (got === undefined) return
        seen += 1
        const path = got.split('?')[0] ?? ''
        expect(path).toMatch(/^\/in\/[^/?#\\]+\/mid\/[^/?#\\]+$/)
        expect(path).not.toMatch(/\/\.{1,2}(?:\/|$)|%(?:2[EeFf]|5[Cc]|0|1|7[Ff])/)
        expect(path).not.toMatch(/[^!-~]/)
        // As a server that decodes would read it: still the same number of segments.
        expect(decodeURIComponent(path).split('/')).toHaveLength(5)
        expect(got.slice(path.length)).toBe(url.slice(url.indexOf('?')))
      }),
      { numRuns: 20_000 },
    )
    expect(seen).toBeGreaterThan(500)
  })

  test('a rest stays below what stands before it, and a prefix is taken off once', () => {
    let seen = 0
    fc.assert(
      fc.property(text, text, (rest, query) => {
        const url = `/shop/${rest}?${query}`
        const below = rewritten('/shop/{rest*}', template('/in/side/{rest*}'), url)
        const stripped = rewritten('/shop/{rest*}', strip('/shop'), url)
        expect(below === undefined).toBe(stripped === undefined)
        if (below === undefined || stripped === undefined) return
        seen += 1
        expect(below).toBe(`/in/side${stripped}`)
        const path = stripped.split('?')[0] ?? ''
        expect(path.startsWith('/')).toBe(true)
        expect(path).not.toMatch(/\/\/|\\|\/\.{1,2}(?:\/|$)|%(?:2[EeFf]|5[Cc])/)
        // Nothing a client sends makes another host of it.
        expect(new URL(stripped, 'http://upstream.test').host).toBe('upstream.test')
        expect(new URL(below, 'http://upstream.test').pathname.startsWith('/in/side/')).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(seen).toBeGreaterThan(500)
  })
})
