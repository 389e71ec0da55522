import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Router } from '../../src/gateway/router.ts'
import type { Api } from '../../src/model/api.ts'
import { apiOn, route } from '../support/gateway.ts'

/** An api whose routes are named after what they match: `GET /a`, `GET,PUT /a/{b}`, `ANY /{rest*}`. */
function api(matches: readonly string[], overrides: Partial<Api> = {}): Api {
  const routes = matches.map((match) => {
    const [methods = '', path = ''] = match.split(' ')
    return route({ id: match, path, methods: methods === 'ANY' ? [] : methods.split(',') })
  })
  return apiOn(1, { routes, ...overrides })
}

function matchOf(router: Router, method: string, path: string, host = 'any') {
  const found = router.match(host, method, path)
  return 'route' in found ? found.route.id : found.allow
}

describe('the most specific route wins', () => {
  const router = new Router([
    api([
      'ANY /{rest*}',
      'GET /v1/{id}',
      'GET /v1/search',
      'POST /v1/{id}',
      'GET /v1/{id}/parts/{rest*}',
      'GET /v1/{id}/parts/{part}',
      'GET /v1/search/{rest*}',
      'GET /files/',
    ]),
  ])

  test.each([
    { method: 'GET', path: '/v1/search', id: 'GET /v1/search', why: 'a literal before a parameter' },
    { method: 'GET', path: '/v1/42', id: 'GET /v1/{id}', why: 'a parameter before the rest' },
    {
      method: 'POST',
      path: '/v1/search',
      id: 'POST /v1/{id}',
      why: 'a literal of other methods hides nothing',
    },
    {
      method: 'PUT',
      path: '/v1/search',
      id: 'ANY /{rest*}',
      why: 'any method, less specific, still takes it',
    },
    {
      method: 'GET',
      path: '/v1/42/parts/7',
      id: 'GET /v1/{id}/parts/{part}',
      why: 'one segment before the rest',
    },
    {
      method: 'GET',
      path: '/v1/42/parts/7/8',
      id: 'GET /v1/{id}/parts/{rest*}',
      why: 'the rest takes several',
    },
    {
      method: 'GET',
      path: '/v1/search/parts/7',
      id: 'GET /v1/search/{rest*}',
      why: 'a literal early beats one late',
    },
    { method: 'GET', path: '/v1/search/', id: 'GET /v1/search/{rest*}', why: 'the rest may be empty' },
    { method: 'GET', path: '/', id: 'ANY /{rest*}', why: 'the root is an empty rest' },
    { method: 'GET', path: '/files/', id: 'GET /files/', why: 'a slash at the end is its own path' },
    { method: 'GET', path: '/files', id: 'ANY /{rest*}', why: 'and without it another' },
    { method: 'GET', path: '/v1/', id: 'ANY /{rest*}', why: 'a parameter is never empty' },
  ])('$method $path → $id: $why', ({ method, path, id }) => {
    expect(matchOf(router, method, path)).toBe(id)
  })
})

describe('a path that exists with other methods', () => {
  const router = new Router([api(['GET,HEAD /v1/{id}', 'PUT /v1/a', 'GET /v1/a/b'])])

  test.each([
    {
      method: 'POST',
      path: '/v1/a',
      allow: ['PUT', 'GET', 'HEAD'],
      why: 'all methods of all routes that match',
    },
    { method: 'POST', path: '/v1/b', allow: ['GET', 'HEAD'], why: 'only of those that match' },
    { method: 'GET', path: '/v2', allow: [], why: 'none where nothing is' },
    { method: 'get', path: '/v1/a/b', allow: ['GET'], why: 'methods are written in capitals' },
    { method: 'GET', path: '/V1/a', allow: [], why: 'paths keep their case' },
  ])('$method $path allows $allow: $why', ({ method, path, allow }) => {
    expect(matchOf(router, method, path)).toEqual(allow)
  })
})

describe('apis by host', () => {
  const router = new Router([
    api(['GET /a', 'ANY /only-named'], { id: 'named', hosts: ['api.example.com', 'api.example.org'] }),
    api(['POST /a', 'GET /b'], { id: 'other' }),
  ])

  test.each([
    { host: 'api.example.com', method: 'GET', path: '/a', id: 'GET /a', why: 'its host' },
    { host: 'api.example.org', method: 'GET', path: '/a', id: 'GET /a', why: 'its other host' },
    {
      host: 'api.example.com',
      method: 'GET',
      path: '/b',
      id: 'GET /b',
      why: 'an api of all hosts serves this one too',
    },
    { host: 'else.test', method: 'GET', path: '/b', id: 'GET /b', why: 'an api of all hosts' },
  ])('$method $path on $host is $id: $why', ({ host, method, path, id }) => {
    expect(matchOf(router, method, path, host)).toBe(id)
  })

  test('a named api is not reached through another host', () => {
    expect(matchOf(router, 'GET', '/only-named', 'else.test')).toEqual([])
    expect(matchOf(router, 'GET', '/a', 'api.example.com.evil.test')).toEqual(['POST'])
  })
})

test('names of the language are names like others', () => {
  const router = new Router([api(['GET /constructor', 'GET /__proto__/{id}'])])
  expect(matchOf(router, 'GET', '/constructor')).toBe('GET /constructor')
  expect(matchOf(router, 'GET', '/__proto__/toString')).toBe('GET /__proto__/{id}')
  expect(matchOf(router, 'GET', '/toString')).toEqual([])
})

test('finds what trying every route by its definition finds', () => {
  const segment = fc.constantFrom('a', 'b', '{x}', '{y}')
  const path = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([segments, rest]) => `/${segments.join('/')}${rest ? '/{rest*}' : ''}`)
  const asked = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 8 }), asked, (paths, segments) => {
      const router = new Router([api(paths.map((each) => `GET ${each}`))])
      const url = `/${segments.join('/')}`
      const found = matchOf(router, 'GET', url)
      const best = paths
        .filter((each) => patternOf(each).test(url))
        .sort((one, other) => rank(one) - rank(other))[0]
      if (best === undefined) expect(found).toEqual([])
      else expect(shapeOf(String(found).slice('GET '.length))).toBe(shapeOf(best))
    }),
    { numRuns: 2_000 },
  )
})

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\*\}$/, '.*').replace(/\{\w+\}/g, '[^/]+')}$`)
}

/** Smaller is more specific: segment by segment a literal, then a parameter, then the rest. */
function rank(path: string): number {
  const digits = path
    .slice(1)
    .split('/')
    .map((segment) => (segment.endsWith('*}') ? 3 : segment.startsWith('{') ? 2 : 1))
  return digits.reduce((sum, digit, index) => sum + digit * 4 ** (8 - index), 0)
}

function shapeOf(path: string): string {
  return path.replace(/\{\w+\}/g, '{}')
}
