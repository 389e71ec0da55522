import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { parseSize } from '../../src/config/size.ts'
import { changed, SMALL_CONFIG } from '../support/config-text.ts'
import { POLICY } from '../support/gateway.ts'
import { tempDir } from '../support/temp-dir.ts'
import { linesOf } from './problems-of.ts'

const at = { file: '/srv/shop/gatez.yaml', env: {} }

/** The api of the small file, with more said of it and of its first route. */
function apiOf(ofApi: string, ofRoute = '') {
  const lines = ofApi.trim() === '' ? '' : `${ofApi.trim().replace(/^ */gm, '    ')}\n`
  const text = SMALL_CONFIG.replace('    routes:\n', () => `${lines}    routes:\n`).replace(
    'match: GET /v1/search',
    () => `match: GET /v1/search${ofRoute}`,
  )
  return parseConfig(text, at).apis[0]!
}

const policyOf = (ofApi: string, ofRoute = '') => apiOf(ofApi, ofRoute).routes[0]!.policy

describe('what is said of upstreams', () => {
  test('one or several, each with its base path', () => {
    const { upstreams } = parseConfig(changed('http://127.0.0.1:9000', '[http://a:1/base/, "https://b"]'), at)
      .apis[0]!
    expect(upstreams).toEqual(['http://a:1/base', 'https://b'])
  })

  test('several are held back when they fail, even if nothing is said of it; one is when the file says so', () => {
    const several = changed('http://127.0.0.1:9000', '[http://a, http://b]')
    const usual = { failures: 5, openMs: 10_000, statuses: [[502, 504]] }
    expect(parseConfig(several, at).apis[0]?.breaker).toEqual(usual)
    const never = several.replace('    routes:\n', '    breaker: null\n    routes:\n')
    expect(parseConfig(never, at).apis[0]?.breaker).toBeNull()
    expect(apiOf('breaker: {}').breaker).toEqual({
      ...usual,
      statuses: [
        [502, 502],
        [503, 503],
        [504, 504],
      ],
    })
    expect(apiOf('breaker: { failures: 2, open: 1m, statuses: [] }').breaker).toEqual({
      ...{ failures: 2, openMs: 60_000, statuses: [] },
    })
  })

  test('are asked about their health where the file says how', () => {
    expect(apiOf('health: { path: /health }').health).toEqual({
      ...{ path: '/health', everyMs: 10_000, timeoutMs: 2_000, healthyAfter: 2, unhealthyAfter: 3 },
      statuses: [[200, 399]],
    })
    expect(apiOf('health: null').health).toBeNull()
  })
})

describe('what is said of an api holds for its routes', () => {
  const API = `
    retries: 3
    max_body: 1MB
    timeouts: { headers: 5s, idle: 6s, connect: 7s }
    cors: { origins: [https://a.example] }
    maintenance: { detail: Later. }
  `

  test('unless they say otherwise', () => {
    expect(policyOf('')).toEqual({ ...POLICY, headersMs: 60_000, idleMs: 60_000 })
    const inherited = {
      ...{ retries: 3, bodyBytesMax: 1_000_000, headersMs: 5_000, idleMs: 6_000 },
      cors: { origins: ['https://a.example'], maxAgeS: 600, credentials: false, expose: [] },
      maintenance: { detail: 'Later.', retryAfterS: 300 },
    }
    expect(policyOf(API)).toMatchObject(inherited)
    expect(apiOf(API).connectMs).toBe(7_000)
    const own =
      ', retries: 0, max_body: 64KiB, timeouts: { headers: 2m }, cors: { origins: "*", max_age: 1h, headers: [X-Api-Key], methods: [GET], expose: [X-A] }, maintenance: { retry_after: 1500ms }'
    expect(policyOf(API, own)).toMatchObject({
      ...{ retries: 0, bodyBytesMax: 65_536, headersMs: 120_000, idleMs: 6_000 },
      cors: { origins: 'any', maxAgeS: 3_600, headers: ['x-api-key'], methods: ['GET'], expose: ['x-a'] },
      maintenance: { detail: 'This endpoint is under maintenance.', retryAfterS: 2 },
    })
    expect(apiOf(API, own).routes[1]!.policy).toMatchObject(inherited)
  })

  test('and null takes it back for a route', () => {
    const own = ', max_body: null, cors: null, maintenance: null'
    expect(policyOf(API, own)).toMatchObject({ bodyBytesMax: null, cors: null, maintenance: null })
  })

  test('header fields of both are changed; of one name the route has the last word', () => {
    const ofApi = `
      request_headers: { remove: [X-Debug, x-both], set: { X-Env: live, x-team: api } }
      response_headers: { remove: [server] }
    `
    const ofRoute = ', request_headers: { remove: [X-Env], set: { X-Team: " search ", x-both: "1" } }'
    const { requestFields, responseFields } = policyOf(ofApi, ofRoute)
    expect(requestFields?.set).toEqual(['X-Team', 'search', 'x-both', '1'])
    expect([...(requestFields?.remove ?? [])].sort()).toEqual(['x-both', 'x-debug', 'x-env', 'x-team'])
    expect(responseFields).toEqual({ remove: ['server'], set: [] })
    expect(policyOf('', ', response_headers: {}').responseFields).toEqual({ remove: [], set: [] })
  })

  test('a path is rewritten by the route, else by the api', () => {
    expect(policyOf('').rewrite).toBeNull()
    const text = SMALL_CONFIG.replaceAll(' /v1/', ' /shop/').replace(
      '    routes:\n',
      '    strip_prefix: /shop\n    routes:\n',
    )
    const [first] = parseConfig(text, at).apis[0]!.routes
    expect(first?.policy.rewrite).toEqual({ kind: 'strip', prefix: '/shop' })
    const own = text.replace('match: GET /shop/search', 'match: "GET /other/{id}", rewrite: "/v2/{id}"')
    const [rewritten] = parseConfig(own, at).apis[0]!.routes
    expect(rewritten?.policy.rewrite).toEqual({ kind: 'template', template: '/v2/{id}' })
  })
})

describe('requests that are checked', () => {
  const folderWith = (document: string) => {
    const folder = tempDir()
    writeFileSync(join(folder, 'openapi.yaml'), document)
    return join(folder, 'gatez.yaml')
  }
  const GOOD = 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths: {}\n'
  const withDocument = (more: string) =>
    changed('    routes:\n', `    openapi: openapi.yaml\n${more}    routes:\n`)

  test('by a file that is read with the configuration, for threads that read none', () => {
    const file = folderWith(GOOD)
    const [api] = parseConfig(withDocument('    validate: true\n'), { file, env: {} }).apis
    expect(api?.requestRules).toBe(GOOD)
    expect(api?.routes.every(({ policy }) => policy.validate)).toBe(true)
    const [unchecked] = parseConfig(withDocument(''), { file, env: {} }).apis
    expect(unchecked?.requestRules).toBeNull()
    const one = withDocument('').replace('GET /v1/search', 'GET /v1/search, validate: true')
    expect(parseConfig(one, { file, env: {} }).apis[0]?.routes.map(({ policy }) => policy.validate)).toEqual([
      true,
      false,
    ])
  })

  test.each(['openapi: 2.0\n', 'swagger: "2.0"\npaths: {}\n', '{', '- a\n'])(
    'by a file that cannot do it (%j) is told, with the line that names it',
    (document) => {
      const file = folderWith(document)
      expect(() => parseConfig(withDocument('    validate: true\n'), { file, env: {} })).toThrow(
        /gatez\.yaml:6:14 apis\[0\]\.openapi: openapi\.yaml cannot check requests: ./,
      )
    },
  )
})

describe('sizes', () => {
  test.each([
    ['1B', 1],
    ['500KB', 500_000],
    ['10 mb', 10_000_000],
    ['1GB', 1_000_000_000],
    ['64KiB', 65_536],
    ['2MiB', 2_097_152],
    ['1GiB', 1_073_741_824],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ value: bytes })
  })

  test.each(['', '10', '0MB', '-1MB', '1.5MB', '1TB', '1iB', 'MB', '999999999999GB', '1 0MB', '1MB!'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toEqual({
        problem: `must be a size such as 10MB or 64KiB, is ${JSON.stringify(text)}`,
      })
    },
  )
})

describe('limits of calls at a time', () => {
  const limitOf = (text: string) =>
    parseConfig(changed('{ requests: 100, per: day }', text), at).plans[0]?.limits[0]

  test('have no window, and an id that says what they are', () => {
    expect(limitOf('{ concurrent: 5 }')).toEqual({
      ...{ id: 'tenant-concurrent', counts: 'concurrent', amount: 5, windowMs: 0, per: 'moment' },
      scope: 'tenant',
    })
    expect(limitOf('{ concurrent: null, scope: [key, route], id: mine }')).toMatchObject({
      ...{ id: 'mine', amount: null, scope: 'key-route' },
    })
    expect(limitOf('{ concurrent: 1, scope: [route, key] }')).toMatchObject({ id: 'key-route-concurrent' })
  })

  test('stand beside windows of the same scope', () => {
    const text = changed('{ requests: 100, per: day }', '{ requests: 100, per: day }, { concurrent: 5 }')
    expect(linesOf(text)).toEqual([])
  })
})
