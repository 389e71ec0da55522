import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { autoThreads } from '../../src/config/build-config.ts'
import { loadConfig, parseConfig } from '../../src/config/load-config.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { POLICY } from '../support/gateway.ts'
import { tempDir } from '../support/temp-dir.ts'

const at = { file: '/srv/shop/gatez.yaml', env: {} }

describe('a file becomes a configuration', () => {
  test('what it says is there, and what it leaves out has its default', () => {
    const config = parseConfig(SMALL_CONFIG, at)
    expect(config).toMatchObject({
      file: '/srv/shop/gatez.yaml',
      docsUrl: null,
      gateway: {
        listen: { host: '127.0.0.1', port: 8080 },
        countersMib: 64,
        drainMs: 30_000,
        ownPaths: { health: '/gatez/health', usage: '/gatez/usage' },
      },
      control: { listen: { host: '127.0.0.1', port: 8081 } },
      stores: {
        control: { driver: 'sqlite', path: '/srv/shop/.gatez/gatez.db' },
        counters: { driver: 'memory' },
        usage: { driver: 'sqlite', path: '/srv/shop/.gatez/usage.db' },
        dataDir: '/srv/shop/.gatez',
      },
      metering: { durability: 'disk', retentionDays: 400, spoolBytesMax: 4 * 1024 ** 3, clientIp: 'off' },
      billing: { currency: 'USD', timezone: 'UTC', period: 'month', anchor: 'calendar' },
      features: [{ id: 'ai', label: 'AI endpoints' }],
      meters: [],
    })
    expect(config.apis[0]).toMatchObject({
      id: 'shop',
      hosts: [],
      upstreams: ['http://127.0.0.1:9000'],
      balance: 'round-robin',
      connectionsMax: null,
      health: null,
      breaker: null,
      openapi: null,
      secret: null,
      tls: null,
      connectMs: 5000,
    })
    expect(config.apis[0]?.routes[1]).toEqual({
      id: 'analyze',
      methods: ['POST'],
      path: '/v1/analyze',
      cost: 5,
      requires: ['ai'],
      auth: 'key',
      policy: { ...POLICY, headersMs: 60_000, idleMs: 60_000 },
    })
  })

  test('a plan has all its fields', () => {
    expect(parseConfig(SMALL_CONFIG, at).plans).toEqual([
      {
        id: 'free',
        name: 'free',
        support: null,
        routes: ['search'],
        features: [],
        keys: { max: 1, approval: 'auto' },
        limits: [
          {
            id: 'tenant-day',
            counts: 'requests',
            amount: 100,
            windowMs: 86_400_000,
            per: 'day',
            scope: 'tenant',
          },
        ],
        quotas: [],
        charges: [],
      },
      {
        id: 'pro',
        name: 'pro',
        support: null,
        routes: 'all',
        features: ['ai'],
        keys: { max: null, approval: 'auto' },
        limits: [
          {
            id: 'tenant-day',
            counts: 'requests',
            amount: 10_000,
            windowMs: 86_400_000,
            per: 'day',
            scope: 'tenant',
          },
        ],
        quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '5000', onExceed: 'bill' }],
        charges: [{ id: 'fee', meter: null, price: { model: 'flat', amount: '49.00' } }],
      },
    ])
  })

  test.each([
    { limit: '{ requests: 5, per: 10s, scope: key }', id: 'key-10s', scope: 'key', windowMs: 10_000 },
    { limit: '{ units: 5, per: 15m, scope: route }', id: 'route-15m', scope: 'route', windowMs: 900_000 },
    {
      limit: '{ requests: 5, per: second, scope: [tenant, route] }',
      id: 'route-second',
      scope: 'route',
      windowMs: 1000,
    },
    {
      limit: '{ requests: 5, per: week, scope: [route, key] }',
      id: 'key-route-week',
      scope: 'key-route',
      windowMs: 604_800_000,
    },
    {
      limit: '{ requests: null, per: hour, id: soft }',
      id: 'soft',
      scope: 'tenant',
      windowMs: 3_600_000,
    },
  ])('the limit $limit is called $id', ({ limit, id, scope, windowMs }) => {
    const text = SMALL_CONFIG.replace('{ requests: 100, per: day }', limit)
    expect(parseConfig(text, at).plans[0]?.limits[0]).toMatchObject({ id, scope, windowMs })
  })

  test('it cannot be changed, however deep', () => {
    const config = parseConfig(SMALL_CONFIG, at)
    expect(Object.isFrozen(config.plans[0]?.limits[0])).toBe(true)
    expect(Object.isFrozen(config.apis[0]?.routes)).toBe(true)
    expect(Object.isFrozen(config.plans[1]?.charges[0]?.price)).toBe(true)
  })

  test('threads leave one processor to the rest, between 1 and 8', () => {
    expect([1, 2, 4, 9, 64].map(autoThreads)).toEqual([1, 1, 3, 8, 8])
  })

  test.each(['dataforge', 'minimal'])('the template %s is valid', (template) => {
    expect(loadConfig(join(templatesDir(), template, 'gatez.yaml'), {}).plans.length).toBeGreaterThan(0)
  })
})

// The name of a variable as the file writes it.
const ref = (name: string) => `\${${name}}`

describe('variables of the environment', () => {
  const withUpstream = (text: string) => SMALL_CONFIG.replace('http://127.0.0.1:9000', text)
  const upstreamOf = (text: string, env: Record<string, string>) =>
    parseConfig(withUpstream(text), { ...at, env }).apis[0]?.upstreams[0]

  test('stand in any text, whole or in part', () => {
    expect(upstreamOf(`http://${ref('HOST')}:9000`, { HOST: 'up.example.com' })).toBe(
      'http://up.example.com:9000',
    )
    expect(upstreamOf(`"${ref('URL')}"`, { URL: 'http://a:1' })).toBe('http://a:1')
  })

  test('have a default that holds when they are unset or empty', () => {
    expect(upstreamOf(`"${ref('URL:-http://b:2')}"`, {})).toBe('http://b:2')
    expect(upstreamOf(`"${ref('URL:-http://b:2')}"`, { URL: '' })).toBe('http://b:2')
  })

  test('can hold a number, in quotes too', () => {
    const plain = SMALL_CONFIG.replace('version: 1', `version: ${ref('V')}`)
    expect(parseConfig(plain, { ...at, env: { V: '1' } }).plans.length).toBe(2)
    const quoted = SMALL_CONFIG.replace('requests: 100', `requests: "${ref('N')}"`)
    expect(parseConfig(quoted, { ...at, env: { N: '7' } }).plans[0]?.limits[0]?.amount).toBe(7)
  })

  test('cannot bring structure into the file', () => {
    const text = SMALL_CONFIG.replace('features: { ai: AI endpoints }', `features: ${ref('F')}`)
    expect(() => parseConfig(text, { ...at, env: { F: '{ ai: x }' } })).toThrow(/features: must be a map/)
  })

  test('that are not set are named, with their line', () => {
    expect(() => upstreamOf(`"${ref('NOPE')}"`, {})).toThrow(
      /gatez.yaml:5:15 apis\[0\].upstream: the environment variable NOPE is not set/,
    )
  })

  test('are left alone after a double dollar sign', () => {
    const text = SMALL_CONFIG.replace('ai: AI endpoints', () => `ai: "costs $${ref('X')}"`)
    expect(parseConfig(text, at).features[0]?.label).toBe(`costs ${ref('X')}`)
  })
})

describe('a file that cannot be read', () => {
  test('is missing, and says where it was looked for', () => {
    expect(() => loadConfig('nowhere/gatez.yaml', {})).toThrow(
      expect.objectContaining({ code: 'config-missing', message: 'nowhere/gatez.yaml does not exist' }),
    )
  })

  test('may be a folder', () => {
    expect(() => loadConfig(tempDir(), {})).toThrow(expect.objectContaining({ code: 'config-missing' }))
  })

  test('may be no text at all', () => {
    const file = join(tempDir(), 'gatez.yaml')
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00]))
    expect(() => loadConfig(file, {})).toThrow(/is not UTF-8 text/)
  })
})
