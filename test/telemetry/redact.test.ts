import { expect, test } from 'vitest'
import { knownSecrets } from '../../src/config/known-secrets.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { makeSecret, makeTokenSecret } from '../../src/model/key.ts'
import { describeError, type LogFields, openLog } from '../../src/telemetry/log.ts'
import { isSecretName } from '../../src/telemetry/redact.ts'
import { type Random, randomFrom } from '../support/random.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** What secrets of all kinds look like; the part in angle brackets is what must not be seen. */
const KINDS: readonly ((canary: string) => string)[] = [
  (canary) => `sk_live_${canary}`,
  (canary) => `rk_test_${canary}`,
  (canary) => `whsec_${canary}`,
  (canary) => `ghp_${canary}`,
  (canary) => `xoxb-${canary}`,
  (canary) => `sk-${canary}`,
  (canary) => `Bearer ${canary}`,
  (canary) => `Basic ${canary}`,
  (canary) => `redis://user:${canary}@store:6379/0`,
  (canary) => `https://${canary}@example.com/path`,
  (canary) => `/v1/search?api_key=${canary}&page=1`,
  (canary) => `/v1/search?access_token=${canary}`,
  (canary) => `session=${canary}; theme=dark`,
  (canary) => `{"password":"${canary}"}`,
  (canary) => `{"client_secret": "${canary}"}`,
  (canary) => `eyJhbGciOiJIUzI1NiJ9.${canary}.${canary}`,
  (canary) => `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----`,
  () => makeSecret('live'),
  () => makeTokenSecret(),
]

/** Names under which any text is a secret. */
const NAMES = [
  ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'apiKey', 'password'],
  ...['clientSecret', 'client_secret', 'token', 'accessToken', 'x-csrf-token', 'privateKey', 'passphrase'],
]

/** Every way in which a text comes into a line. */
const FIELDS: readonly ((text: string, name: string) => LogFields)[] = [
  (text) => ({ path: text }),
  (text) => ({ detail: `calling ${text} failed` }),
  (text) => ({ list: ['a', text] }),
  (text) => ({ deep: { deeper: { deepest: [text] } } }),
  (text) => describeError(new Error(text)),
  (text) => describeError(new Error('outer', { cause: new Error(text) })),
  (text) => ({ error: new Error(text) }),
  (text) => ({ [text]: 'as a name' }),
  (_, name) => ({ request: { headers: { [name]: NAMED } } }),
  (_, name) => ({ [name]: NAMED }),
]

const NAMED = 'CANARYUNDERASECRETNAME'

test('none of a thousand canary secrets gets into the log, in whatever field, at whatever level', () => {
  const random = randomFrom(12)
  const lines: string[] = []
  const configured = Array.from({ length: 20 }, () => canaryOf(random))
  const log = openLog(configured, (line) => lines.push(line))
  const canaries: string[] = [NAMED, ...configured]
  for (let index = 0; index < 1_000; index += 1) {
    const canary = canaryOf(random)
    const text = KINDS[index % KINDS.length]!(canary)
    canaries.push(text.startsWith('gz') ? text.slice(12, -4) : canary)
    const name = NAMES[index % NAMES.length]!
    for (const fieldsOf of FIELDS) {
      for (const level of ['info', 'warn', 'error'] as const) log[level](fieldsOf(text, name), `said ${text}`)
    }
  }
  for (const secret of configured) log.error({ detail: `the store said: ${secret}` }, `and ${secret}!`)
  const written = lines.join('')
  expect(lines).toHaveLength(1_000 * FIELDS.length * 3 + configured.length)
  expect(canaries.filter((canary) => written.includes(canary))).toEqual([])
})

test.each(['user', 'tenant', 'key_id', 'keyName', 'tokens', 'total_tokens', 'author', 'monkey'])(
  'a field named %s is kept as it is',
  (name) => {
    expect(isSecretName(name)).toBe(false)
  },
)

test('what holds no secret is written as it is', () => {
  const lines: string[] = []
  const fields = {
    detail: 'GET http://127.0.0.1:9000/v1/search?q=ada: connect ECONNREFUSED',
    calls: 3,
    at: null,
  }
  openLog([], (line) => lines.push(line)).warn(fields, 'the upstream of dataforge does not answer')
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...fields,
    level: 40,
    msg: 'the upstream of dataforge does not answer',
  })
})

test.each([
  ['a-', 'names that never end'],
  ['a.b_', 'names of many parts'],
  ['http://', 'many addresses'],
  ['eyJaaaaaaaa.', 'beginnings of tokens'],
  ['-----BEGIN PRIVATE KEY-----', 'beginnings of keys'],
])('a long text of %j keeps nobody waiting: %s', (part) => {
  const lines: string[] = []
  const log = openLog([], (line) => lines.push(line))
  const startMs = performance.now()
  log.error({ detail: part.repeat(200_000 / part.length) }, 'said')
  expect(performance.now() - startMs).toBeLessThan(1_000)
  expect(lines[0]!.length).toBeLessThan(20_000)
})

test('every secret of a configuration is known', () => {
  const text = JSON.stringify({
    version: 1,
    stores: {
      counters: 'redis://gate:redispassword@127.0.0.1:6379',
      usage: 'clickhouse+https://u:clickpassword@h/db',
    },
    portal: {
      oidc: { issuer: 'https://login.example.com', client_id: 'g', secret: { value: '$' + '{OIDC}' } },
    },
    telemetry: {
      otlp: { endpoint: 'http://127.0.0.1:1', secret: { header: 'x-key', value: '$' + '{OTLP}' } },
    },
    apis: [
      {
        id: 'shop',
        upstream: 'http://127.0.0.1:1',
        secret: { header: 'x-secret', value: '$' + '{SHOP}' },
        routes: [{ id: 'all', match: 'ANY /{rest*}' }],
      },
    ],
    plans: [{ id: 'free', routes: 'all' }],
  })
  const env = { OIDC: 'oidcsecretoidcsecret', OTLP: 'otlpsecretotlpsecret', SHOP: 'shopsecretshopsecret' }
  const config = parseConfig(text, { file: '/nowhere/gatez.yaml', env })
  const expected = [
    'clickpassword',
    'oidcsecretoidcsecret',
    'otlpsecretotlpsecret',
    'redispassword',
    'shopsecretshopsecret',
  ]
  expect([...knownSecrets(config)].sort()).toEqual(expected)
})

function canaryOf(random: Random): string {
  return `CANARY${Array.from({ length: 26 }, () => LETTERS[random(LETTERS.length)]).join('')}`
}
