import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig, parseConfig } from '../../src/config/load-config.ts'
import {
  checkedAddresses,
  rememberedUpstreamConfig,
  rememberUpstreamConfig,
  upstreamConfig,
} from '../../src/config/upstream-config.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { tempDir } from '../support/temp-dir.ts'

function textFor(upstream: string, listen?: string): string {
  return upstreamConfig({ templatesDir: templatesDir() }, { upstream, listen })
}

test('one api, every path, a key required, one plan of 60 calls a minute', () => {
  const text = textFor('http://127.0.0.1:3000/base/')
  const { apis, plans, gateway } = parseConfig(text, { file: 'gatez.yaml', env: {} })
  expect(gateway.listen).toEqual({ host: '127.0.0.1', port: 8080 })
  expect(apis).toMatchObject([{ id: 'api', upstreams: ['http://127.0.0.1:3000/base'] }])
  expect(apis[0]?.routes).toMatchObject([{ id: 'all', path: '/{rest*}', auth: 'key' }])
  expect(plans).toMatchObject([{ id: 'default', limits: [{ amount: 60, windowMs: 60_000 }] }])
})

test.each([
  ['http://localhost:8080', undefined, '127.0.0.1:8090'],
  ['http://127.0.0.1:8080/v1', undefined, '127.0.0.1:8090'],
  ['http://api.example.com:8080', undefined, undefined],
  ['http://localhost:3000', '127.0.0.1:8080', '127.0.0.1:8080'],
])('in front of %s, asked for %s, gatez listens on %s', (upstream, listen, expected) => {
  expect(checkedAddresses({ upstream, listen }).listen).toBe(expected)
})

test.each([
  ['http://127.0.0.1:8080', '127.0.0.1:8080'],
  ['http://localhost:8080', ':8080'],
  ['http://[::1]:8080', '127.0.0.1:8080'],
  ['http://10.0.0.1', '10.0.0.1:80'],
  ['https://10.0.0.1', '10.0.0.1:443'],
])('%s cannot stand behind a gateway on %s: calls would go round for ever', (upstream, listen) => {
  expect(() => textFor(upstream, listen)).toThrow(
    expect.objectContaining({ code: 'invalid-parameter', message: expect.stringContaining('itself') }),
  )
})

test.each([
  ['ftp://x', 'is "ftp://x".'],
  ['localhost:3000', 'did you mean http://localhost:3000?'],
  ['api.example.com/v1', 'did you mean http://api.example.com/v1?'],
  ['[::1]:3000', 'did you mean http://[::1]:3000?'],
  ['', 'is "".'],
  ['http://me:secret@x', 'no user name or password.'],
  ['http://x?a=b', 'no query, no fragment.'],
])('%j is no upstream', (upstream, detail) => {
  expect(() => textFor(upstream)).toThrow(
    expect.objectContaining({ code: 'invalid-parameter', message: expect.stringContaining(detail) }),
  )
})

test('what was served last stands in for a gatez.yaml that is not there, and for no other file', () => {
  const folder = tempDir()
  const file = join(folder, 'gatez.yaml')
  const text = textFor('http://127.0.0.1:3000')
  expect(() => loadConfig(file, {})).toThrow(expect.objectContaining({ code: 'config-missing' }))
  mkdirSync(join(folder, '.gatez'))
  rememberUpstreamConfig(file, text)

  expect(rememberedUpstreamConfig(file)).toBe(text)
  expect(loadConfig(file, {}).stores.dataDir).toBe(join(folder, '.gatez'))
  expect(() => loadConfig(join(folder, 'other.yaml'), {})).toThrow(
    expect.objectContaining({ code: 'config-missing' }),
  )
  writeFileSync(file, text.replace('id: api', 'id: mine'))
  expect(loadConfig(file, {}).apis[0]?.id).toBe('mine')
})
