import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'

const usageOf = (usage: string, env: Readonly<Record<string, string>> = {}) => {
  const text = SMALL_CONFIG.replace('apis:', `stores: { usage: "${usage}" }\napis:`)
  return parseConfig(text, { file: '/srv/shop/gatez.yaml', env }).stores.usage
}

const PLAIN = { driver: 'clickhouse', user: 'default', password: '', cluster: null, retentionDays: 400 }

test.each([
  [
    'clickhouse://ch/gatez',
    { origin: 'http://ch:8123', database: 'gatez' },
    'without a scheme in plain text',
  ],
  ['clickhouse+http://ch:9/gatez', { origin: 'http://ch:9', database: 'gatez' }, 'a port of its own'],
  ['clickhouse+https://ch/gatez', { origin: 'https://ch:8443', database: 'gatez' }, 'the port of TLS'],
  ['https://ch:443/gatez', { origin: 'https://ch:443', database: 'gatez' }, 'behind a proxy'],
  ['http://[::1]/gatez', { origin: 'http://[::1]:8123', database: 'gatez' }, 'an IPv6 address'],
  [
    'clickhouse+https://ann:p%40ss%2Fword@ch/gatez?cluster=main',
    { origin: 'https://ch:8443', database: 'gatez', user: 'ann', password: 'p@ss/word', cluster: 'main' },
    'a user with a password, and a cluster',
  ],
])('%s names a usage log: %s', (usage, parts, _why) => {
  expect(usageOf(usage)).toEqual({ ...PLAIN, ...parts })
})

test('the password comes from the environment', () => {
  const found = usageOf(`clickhouse+https://ann:\${CH_PASSWORD}@ch/gatez`, { CH_PASSWORD: 's3cret' })
  expect(found).toMatchObject({ user: 'ann', password: 's3cret' })
})
